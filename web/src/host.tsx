// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One host: what became of it, what it can do and what stands in the way, and every result.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { cell, data, fleetNames, open, outcome, placeOf, published, table, tier, type Opened, type Place } from "./data";
import { number, words } from "./format";
import { Fact, ResultCard } from "./result";
import { change, useFragment } from "./state";
import { Badge, TierBadge } from "./table";

/** The host that the fragment names, in a dialog. */
export function HostDialog({ shown }: { shown: Place[] }) {
  const state = useFragment();
  const name = state.host;
  const ref = useRef<HTMLDialogElement>(null);
  const host = name === undefined ? undefined : placeOf(name);
  // At once with the drawing: the event that tells of the closing must not find a dialog that is about to open.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    if (name !== undefined && !dialog.open) dialog.showModal();
    if (name === undefined && dialog.open) dialog.close();
    if (name !== undefined) dialog.scrollTop = 0;
    document.documentElement.classList.toggle("opened", name !== undefined);
  }, [name]);
  const at = host === undefined ? -1 : shown.indexOf(host);
  const go = (to: Place | undefined): void => {
    if (to !== undefined) change({ host: table.host[to] ?? "" });
  };
  return (
    <dialog
      ref={ref} class="host" aria-labelledby="host-title"
      onClose={() => {
        if (ref.current && !ref.current.open && name !== undefined) change({ host: "" });
      }}
      onClick={(event) => {
        if (event.target === ref.current) change({ host: "" });
      }}
      onKeyDown={(event) => {
        if (event.target instanceof HTMLInputElement || event.altKey || event.ctrlKey || event.metaKey) return;
        if (event.key === "j" && at >= 0) go(shown[at + 1]);
        if (event.key === "k" && at > 0) go(shown[at - 1]);
      }}
    >
      {name === undefined ? null : (
        <div class="inside">
          <div class="bar-top">
            <h2 id="host-title" tabIndex={-1} autofocus>
              {name}
            </h2>
            <div class="seg">
              <button type="button" disabled={at <= 0} onClick={() => go(shown[at - 1])} title="Previous host (k)">
                Previous
              </button>
              <button type="button" disabled={at < 0 || at + 1 >= shown.length} onClick={() => go(shown[at + 1])} title="Next host (j)">
                Next
              </button>
              <button type="button" onClick={() => change({ host: "" })} title="Close (Esc)">
                Close
              </button>
            </div>
          </div>
          {host === undefined ? <p class="card">This run's inventory has no such host.</p> : <HostDetail key={host} host={host} />}
        </div>
      )}
    </dialog>
  );
}

export function HostDetail({ host }: { host: Place }) {
  const [opened, set] = useState<Opened | Error | null>(null);
  useEffect(() => {
    let wanted = true;
    open(host).then(
      (found) => wanted && set(found),
      (error: unknown) => wanted && set(error instanceof Error ? error : new Error(String(error))),
    );
    return () => {
      wanted = false;
    };
  }, [host]);
  return (
    <>
      <p class="chips">
        <Badge kind={outcome(host)}>{words(outcome(host))}</Badge> <TierBadge value={tier(host)} />{" "}
        {cell(table.outliers, host).map((one) => (
          <Badge kind="mark">{`outlier: ${one}`}</Badge>
        ))}{" "}
        {fleetNames(host).map((name) => (
          <>
            <a class="chip" href={`#${new URLSearchParams({ fleet: name })}`}>
              {name}
            </a>{" "}
          </>
        ))}
      </p>
      {cell(table.message, host) ? <p class="reason">{cell(table.message, host)}</p> : null}
      {opened instanceof Error ? <p class="reason">The details cannot be unpacked here: {opened.message}. The record is in the run's folder hosts/.</p> : null}
      {opened && !(opened instanceof Error) ? <Details host={host} opened={opened} /> : null}
    </>
  );
}

function Details({ host, opened }: { host: Place; opened: Opened }) {
  const { detail, text } = opened;
  const fleets = [...cell(table.fleets, host)].sort((a, b) => (data.fleets[a]?.hosts ?? 0) - (data.fleets[b]?.hosts ?? 0));
  const system = [cell(table.kernel, host), cell(table.machine, host), cell(table.distribution, host)].filter(Boolean).join(", ");
  const differs = text(detail.differs);
  return (
    <>
      <dl class="facts">
        {system ? (
          <Fact name="System">
            {system}
            {detail.python === undefined ? "" : `, Python ${text(detail.python)}`}
          </Fact>
        ) : null}
        {tier(host) ? (
          <Fact name="Tier">
            {tier(host)} proven, {published(host)} by the published rule
            {detail.proof?.state === "met" ? `; a program was loaded by the ${detail.proof.loader ?? "unknown"} loader and read back${detail.proof.ms === null ? "" : ` in ${number(detail.proof.ms)} ms`}` : ""}
            {differs ? <span class="remedy">{differs}</span> : null}
          </Fact>
        ) : null}
        {detail.health ? (
          <Fact name="Health">
            {number(detail.health.healthy)} of 100; {number(detail.health.ailing)} lost to findings, {number(detail.health.unknown)} not known
          </Fact>
        ) : null}
        {detail.window ? <Fact name="Window">{`${number(detail.window.seconds)} s from ${new Date(detail.window.start * 1000).toISOString().slice(0, 19)}Z`}</Fact> : null}
        {detail.cost ? (
          <Fact name="Own cost">
            {number(detail.cost.cpu_ms ?? null)} ms of processor, {number(detail.cost.children_cpu_ms ?? null)} ms in tools, {number(Math.round((detail.cost.max_rss_kib ?? 0) / 1024))} MiB at most,{" "}
            {number(detail.cost.wall_ms ?? null)} ms in all
          </Fact>
        ) : null}
        {detail.file ? (
          <Fact name="Full record">
            <span class="mono">{detail.file}</span> in the run's folder
          </Fact>
        ) : null}
      </dl>
      {detail.warnings?.map((one) => <p class="small reason">{text(one)}</p>)}
      <Findings opened={opened} />
      <Changes opened={opened} />
      <Blockers opened={opened} />
      {detail.results?.length ? (
        <>
          <h3>Results</h3>
          <div class="results">
            {detail.results.map((result) => (
              <ResultCard result={result} text={text} compared={detail.compared} fleet={fleets[0] ?? -1} />
            ))}
          </div>
        </>
      ) : null}
      {data.details.level === "all" ? null : <p class="small soft">This page holds less of each host, as there are many ({data.details.level}); the full record has the rest.</p>}
      <Requirements opened={opened} />
      {detail.unseen?.length ? (
        <>
          <h3>What could not be seen</h3>
          <ul class="small">
            {detail.unseen.map((one) => (
              <li>{text(one)}</li>
            ))}
          </ul>
        </>
      ) : null}
    </>
  );
}

function Findings({ opened: { detail } }: { opened: Opened }) {
  if (!detail.findings?.length) return null;
  return (
    <>
      <h3>Findings</h3>
      <ul class="blockers">
        {detail.findings.map((one) => (
          <li>
            <Badge kind={`s-${one.severity}`}>{one.severity}</Badge> <b>{data.rules[one.rule]?.title ?? one.rule}</b>
            {one.subject === null ? "" : ` (${one.subject})`}: {one.evidence}
            <span class="remedy">
              {data.rules[one.rule]?.means} {data.rules[one.rule]?.next}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Changes({ opened: { detail } }: { opened: Opened }) {
  if (!detail.changes?.length) return null;
  return (
    <>
      <h3>
        Changed since run <span class="mono">{data.previous}</span>
      </h3>
      <ul class="small">
        {detail.changes.map((one) => (
          <li>
            {one.what === "host" ? "new in the inventory" : `${one.what}${one.name === null ? "" : ` ${one.name}`}: ${one.before ?? "nothing"} \u2192 ${one.after ?? "nothing"}`}
            {one.worse ? <Badge kind="s-critical">worse</Badge> : null}
          </li>
        ))}
      </ul>
    </>
  );
}

function Blockers({ opened: { detail, text } }: { opened: Opened }) {
  if (!detail.blockers?.length) return null;
  return (
    <>
      <h3>What stands between this host and tier 3</h3>
      <ul class="blockers">
        {detail.blockers.map((one) => (
          <li>
            <b class="mono">{text(one.requirement)}</b> <Badge kind={text(one.state)}>{text(one.state)}</Badge> {text(one.message)}
            {one.remedy === undefined ? null : <span class="remedy">{text(one.remedy)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Requirements({ opened: { detail, text } }: { opened: Opened }) {
  if (!detail.requirements?.length) return null;
  return (
    <details>
      <summary>
        All {detail.requirements.length} requirements, with what was seen
      </summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">For tier</th>
              <th scope="col">Requirement</th>
              <th scope="col">State</th>
              <th scope="col">Evidence and remedy</th>
            </tr>
          </thead>
          <tbody>
            {detail.requirements.map((one) => (
              <tr>
                <td>{one.tier}</td>
                <th scope="row" class="mono">{text(one.name)}</th>
                <td>
                  <Badge kind={text(one.state)}>{text(one.state)}</Badge>
                </td>
                <td>
                  {text(one.evidence)}
                  {one.remedy === undefined ? null : <span class="remedy">{text(one.remedy)}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
