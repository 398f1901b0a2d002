// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The hosts as a table: sorted by any column, a page of rows at a time.

import { useMemo } from "preact/hooks";
import { cell, fleetNames, outcome, published, table, tier, data, type HeatBlock, type Place } from "./data";
import { interval, number, plural, words } from "./format";
import { sorted } from "./hosts";
import { chosenMap, mapKey, useHeat } from "./latency";
import { change, useFragment } from "./state";

const ROWS = 50;

export function Badge({ kind, children }: { kind: string; children: string }) {
  return <span class={`badge ${kind}`}>{children}</span>;
}

export function TierBadge({ value }: { value: number }) {
  return <Badge kind={`t${value || "unknown"}`}>{value ? `tier ${value}` : "no tier"}</Badge>;
}

interface Head {
  name: string;
  title: string;
  kind?: string;
}

/** Where each host is in the looked-at heat map. */
function places(block: HeatBlock | null): Map<Place, number> {
  const found = new Map<Place, number>();
  block?.hosts.forEach((host, at) => found.set(host, at));
  return found;
}

export function HostTable({ shown }: { shown: Place[] }) {
  const state = useFragment();
  const at = chosenMap(state);
  const map = data.maps[at];
  return map ? <WithLatency shown={shown} at={at} /> : <Rows shown={shown} p99={null} title="" />;
}

function WithLatency({ shown, at }: { shown: Place[]; at: number }) {
  const block = useHeat(at);
  const map = data.maps[at];
  const where = useMemo(() => places(block), [block]);
  const p99 = useMemo<P99 | null>(() => {
    const column = (host: Place): number | null => {
      const place = where.get(host);
      return place === undefined ? null : (block?.quantiles[place * 3 + 2] ?? null);
    };
    return map ? { column, columns: map.columns, unit: map.unit } : null;
  }, [where, map]);
  return <Rows shown={shown} p99={p99} title={map ? `${mapKey(map)} p99` : ""} />;
}

interface P99 {
  column: (host: Place) => number | null;
  columns: [number, number][];
  unit: string;
}

function Rows({ shown, p99, title }: { shown: Place[]; p99: P99 | null; title: string }) {
  const state = useFragment();
  const sort = state.sort ?? "outcome";
  const heads: Head[] = [
    { name: "host", title: "Host" },
    { name: "tier", title: "Tier" },
    { name: "outcome", title: "Outcome" },
    ...(table.health ? [{ name: "health", title: "Health", kind: "n" }] : []),
    ...(table.findings.values.some((one) => one.length) ? [{ name: "findings", title: "Findings" }] : []),
    { name: "outliers", title: "Outlier" },
    ...(p99 ? [{ name: "p99", title, kind: "n" }] : []),
    { name: "fleet", title: "Fleets" },
    { name: "kernel", title: "Kernel" },
    { name: "distribution", title: "Distribution" },
  ];
  const extra: Record<string, (a: Place, b: Place) => number> = p99 ? { p99: (a: Place, b: Place) => (p99.column(b) ?? -1) - (p99.column(a) ?? -1) } : {};
  const ordered = useMemo(() => sorted(shown, sort, extra), [shown, sort, p99]);
  const pages = Math.max(1, Math.ceil(ordered.length / ROWS));
  const page = Math.min(Math.max(1, Number.parseInt(state.page ?? "1", 10) || 1), pages);
  const from = (page - 1) * ROWS;
  const rows = ordered.slice(from, from + ROWS);
  const turn = (to: number): void => change({ page: to > 1 ? String(to) : "" });
  return (
    <div class="card">
      <div class="scroll" tabIndex={0} role="group" aria-label="Host table">
        <table class="hosts">
          <thead>
            <tr>
              {heads.map(({ name, title: words_, kind }) => {
                const up = sort === name;
                const down = sort === `-${name}`;
                return (
                  <th scope="col" class={kind} aria-sort={up ? "ascending" : down ? "descending" : undefined}>
                    <button type="button" onClick={() => change({ sort: up ? `-${name}` : name })}>
                      {words_}
                      <span aria-hidden="true" class={up || down ? "sort" : "sort none"}>{down ? "\u25b4" : "\u25be"}</span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {rows.map((host) => (
              <HostRow key={host} host={host} heads={heads} p99={p99} />
            ))}
          </tbody>
        </table>
      </div>
      {rows.length ? null : <p class="soft">No host fits all of this.</p>}
      {pages > 1 ? (
        <nav class="pager" aria-label="Pages of hosts">
          <button type="button" disabled={page === 1} onClick={() => turn(page - 1)}>
            Previous
          </button>
          <span role="status">
            {number(from + 1)} to {number(from + rows.length)} of {plural(ordered.length, "host")}
          </span>
          <button type="button" disabled={page === pages} onClick={() => turn(page + 1)}>
            Next
          </button>
        </nav>
      ) : null}
    </div>
  );
}

function health(host: Place): number | null {
  const found = table.health?.[host] ?? null;
  return found === null ? null : Math.round(found);
}

function HostRow({ host, heads, p99 }: { host: Place; heads: Head[]; p99: P99 | null }) {
  const name = table.host[host] ?? "";
  const cells: Record<string, preact.ComponentChildren> = {
    tier: (
      <>
        <TierBadge value={tier(host)} />
        {published(host) && published(host) !== tier(host) ? <span class="soft small" title="by the published rule"> pub. {published(host)}</span> : null}
      </>
    ),
    outcome: <Badge kind={outcome(host)}>{words(outcome(host))}</Badge>,
    health: number(health(host)),
    findings: <FindingBadges host={host} />,
    outliers: cell(table.outliers, host).map((one) => <Badge kind="mark">{one}</Badge>),
    p99: p99 ? interval(p99.columns[p99.column(host) ?? -1], p99.unit) : null,
    fleet: <Cut text={fleetNames(host).join(", ")} />,
    kernel: <Cut text={cell(table.kernel, host)} kind="mono" />,
    distribution: <Cut text={cell(table.distribution, host)} />,
  };
  return (
    <tr>
      {heads.map(({ name: column, kind }) =>
        column === "host" ? (
          <th scope="row">
            <button type="button" class="link" onClick={() => change({ host: name }, true)}>
              {name}
            </button>
            {outcome(host) !== "ok" && cell(table.message, host) ? <Cut text={cell(table.message, host)} kind="why" /> : null}
          </th>
        ) : (
          <td class={kind}>{cells[column]}</td>
        ),
      )}
    </tr>
  );
}

function FindingBadges({ host }: { host: Place }) {
  const found = cell(table.findings, host);
  if (!found.length) return null;
  const [rule, severity] = found[0] as [string, string]; // the most severe comes first
  return (
    <span class="chips one">
      <Badge kind={`s-${severity}`}>{severity}</Badge>
      <Cut text={data.rules[rule]?.title ?? rule} />
      {found.length > 1 ? <span class="soft small">+{found.length - 1}</span> : null}
    </span>
  );
}

/** Text of one line; what does not fit is said when it is pointed at, and whole in the host's own view. */
function Cut({ text, kind = "" }: { text: string | null; kind?: string }) {
  return (
    <span class={`cut ${kind}`} title={text ?? undefined}>
      {text ?? "\u2013"}
    </span>
  );
}
