// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One collector's result on one host: the answer, how it was come by, and why it is not more.

import type { ComponentChildren } from "preact";
import { data, type Detail, type HeatMap, type Opened, type Reason, type Result } from "./data";
import { bytes, factor, interval, labelText, number, plural, quantity } from "./format";
import { Histogram, quantileColumns, type Bounds } from "./histogram";
import { useWidth } from "./picture";
import { Badge, TierBadge } from "./table";

export interface ResultProps {
  result: Result;
  text: Opened["text"];
  compared: Detail["compared"];
  fleet: number; // the fleet to hold it against, below zero: all hosts
}

/** Return the columns and counts of a result, on the heat map's axis where there is one. */
function distribution(flat: number[], map: HeatMap | undefined): { columns: Bounds[]; counts: number[] } {
  const mine = new Map<number, [number, number]>();
  for (let at = 0; at + 2 < flat.length; at += 3) mine.set(flat[at] as number, [flat[at + 1] as number, flat[at + 2] as number]);
  const columns: Bounds[] = map ? map.columns : [...mine].map(([lo, [hi]]) => [lo, hi]);
  return { columns, counts: columns.map(([lo]) => mine.get(lo)?.[1] ?? 0) };
}

export function Said({ reason, text }: { reason: Reason; text: Opened["text"] }) {
  return (
    <>
      {text(reason.message)}
      {reason.remedy !== undefined ? <span class="remedy">{text(reason.remedy)}</span> : null}
    </>
  );
}

/** Return the place of the fleet that a host was compared with, below zero: all hosts. */
function against(name: string | null): number {
  return name === null ? -1 : data.fleets.findIndex((one) => one.name === name);
}

export function ResultCard({ result, text, compared, fleet }: ResultProps) {
  const [ref, width] = useWidth<HTMLElement>();
  const collector = text(result.collector);
  const unit = text(result.unit);
  const map = data.maps.find((one) => one.collector === collector && one.unit === unit);
  const far = compared?.find((one) => one.collector === collector && one.unit === unit);
  return (
    <article class={`card result ${result.status}`} ref={ref} aria-label={collector}>
      <header>
        <h4>{collector}</h4>
        <Badge kind={result.status}>{result.status}</Badge>
        <TierBadge value={result.tier ?? 0} />
        {far?.outlier ? <Badge kind="mark">outlier</Badge> : null}
      </header>
      <p class="question">{text(result.question)}</p>
      {result.reason ? (
        <p class="reason">
          <Said reason={result.reason} text={text} />
        </p>
      ) : null}
      <Answer result={result} unit={unit} map={map} width={width} fleet={far ? against(far.against) : fleet} collector={collector} />
      {far ? (
        <p class="small">
          {Math.abs(far.shift) < 0.05 ? "As fast as " : `${factor(far.shift)} ${far.shift > 0 ? "slower" : "faster"} on average than `}
          {far.against ?? "all hosts"}; distance {number(far.distance)} doublings, an outlier from {number(far.threshold)} on.
        </p>
      ) : null}
      <Series result={result} unit={unit} />
      <Items result={result} unit={unit} />
      {result.kind === "stacks" && result.count ? (
        <p class="small">
          The stacks of all hosts together: <a href={`survey.${encodeURIComponent(collector)}.svg`}>flame graph</a>, a file beside this page.
        </p>
      ) : null}
      <dl class="facts">
        <Fact name="Source">
          <span class="mono">{text(result.source) || "\u2013"}</span>
        </Fact>
        <Fact name="Window">{result.window === undefined ? "\u2013" : `${number(result.window)} s`}</Fact>
        <Fact name="Lost">{result.lost === undefined ? "this source cannot tell" : number(result.lost)}</Fact>
        <Cost cost={result.cost} text={text} />
      </dl>
      {result.attempts?.length ? (
        <>
          <h5>Tried before</h5>
          <ul class="small">
            {result.attempts.map((one) => (
              <li>
                tier {one.tier}, <span class="mono">{text(one.source) || "\u2013"}</span>: <Said reason={one.reason} text={text} />
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {result.notes?.length ? (
        <ul class="small soft">
          {result.notes.map((note) => (
            <li>{text(note)}</li>
          ))}
        </ul>
      ) : null}
    </article>
  );
}

interface AnswerProps {
  result: Result;
  unit: string;
  map: HeatMap | undefined;
  width: number;
  fleet: number;
  collector: string;
}

function Answer({ result, unit, map, width, fleet, collector }: AnswerProps) {
  const mean = result.total !== undefined && result.count ? `${quantity(result.total / result.count, unit)} on average` : null;
  const what = result.kind === "histogram" ? "events" : unit;
  const headline = result.count === undefined ? "count not known" : `${number(result.count)} ${what}`;
  if (!result.buckets?.length) {
    return (
      <p class="headline">
        <b>{headline}</b>
        {mean ? `, ${mean}` : ""}
      </p>
    );
  }
  const { columns, counts } = distribution(result.buckets, map);
  const quantiles = quantileColumns(counts);
  const scope = map && (map.fleets[fleet] ?? map.whole);
  const name = map?.fleets[fleet] ? (data.fleets[fleet]?.name ?? "") : "all hosts";
  const against = scope && scope.hosts > 1 ? { name, counts: scope.counts } : undefined;
  return (
    <>
      <p class="headline">
        <b>{headline}</b>
        {mean ? `, ${mean}` : ""}
      </p>
      <dl class="figures">
        {["p50", "p90", "p99"].map((one, at) => (
          <div>
            <dt>{one}</dt>
            <dd>{interval(columns[quantiles[at] ?? -1], unit)}</dd>
          </div>
        ))}
      </dl>
      {width ? (
        <Histogram
          columns={columns} counts={counts} unit={unit} width={Math.max(width - 34, 120)} height={168} left={38} quantiles={quantiles} against={against}
          label={`${collector} on this host: ${["p50", "p90", "p99"].map((one, at) => `${one} ${interval(columns[quantiles[at] ?? -1], unit)}`).join(", ")}`}
        />
      ) : null}
      {against ? (
        <p class="small soft">
          <i class="line" /> {against.name}
        </p>
      ) : null}
    </>
  );
}

function Series({ result, unit }: { result: Result; unit: string }) {
  if (!result.series?.length) return null;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Series">
      <table>
        <thead>
          <tr>
            <th scope="col">Which</th>
            <th scope="col" class="n">Count</th>
            <th scope="col" class="n">Mean</th>
            <th scope="col" class="n">p50</th>
            <th scope="col" class="n">p99</th>
          </tr>
        </thead>
        <tbody>
          {result.series.map(([labels, count, total, p50, , p99]) => (
            <tr>
              <th scope="row" class="mono">{labelText(labels) || "all"}</th>
              <td class="n">{number(count)}</td>
              <td class="n">{total !== null && count ? quantity(total / count, unit) : "\u2013"}</td>
              <td class="n">{interval(p50, unit)}</td>
              <td class="n">{interval(p99, unit)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Items({ result, unit }: { result: Result; unit: string }) {
  const most = Math.max(1, ...(result.items ?? []).map(([, count]) => count));
  return (
    <>
      {result.items?.length ? (
        <table class="items">
          <thead>
            <tr>
              <th scope="col">Which</th>
              <th scope="col" class="n">{unit}</th>
            </tr>
          </thead>
          <tbody>
            {result.items.map(([labels, count]) => (
              <tr>
                <th scope="row" class="mono">
                  {labelText(labels)}
                  <i class="meter" style={{ width: `${(100 * count) / most}%` }} />
                </th>
                <td class="n">{number(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {result.omitted ? <p class="small soft">{plural(result.omitted, "row")} more in the record.</p> : null}
    </>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Cost({ cost, text }: { cost: Result["cost"]; text: Opened["text"] }) {
  if (!cost) return null;
  const figure = (name: string): number | null => (typeof cost[name] === "number" ? (cost[name] as number) : null);
  const words: string[] = [];
  const load = figure("load_ms");
  const attach = figure("attach_ms");
  const runs = figure("run_count");
  const spent = figure("run_ns");
  if (load !== null) words.push(`loaded in ${number(load)} ms`);
  if (attach !== null) words.push(`attached in ${number(attach)} ms`);
  if (runs !== null && spent !== null) words.push(`ran ${number(runs)} times for ${number(spent / 1e6)} ms in all`);
  const memory = (figure("map_bytes") ?? 0) + (figure("program_bytes") ?? 0);
  if (memory) words.push(`${bytes(memory)} in the kernel`);
  const loader = cost.loader;
  const refused = Array.isArray(cost.variants_refused) ? cost.variants_refused : [];
  return (
    <>
      {words.length ? <Fact name="Cost">{words.join(", ")}</Fact> : null}
      {loader !== undefined && !Array.isArray(loader) ? (
        <Fact name="Loader">
          {text(loader)}
          {cost.attach !== undefined && !Array.isArray(cost.attach) ? `, ${text(cost.attach)}` : ""}
          {cost.loader_reason !== undefined && !Array.isArray(cost.loader_reason) ? `: ${text(cost.loader_reason)}` : ""}
          {refused.map((one) => (
            <span class="remedy">refused before: {text(one)}</span>
          ))}
        </Fact>
      ) : null}
    </>
  );
}
