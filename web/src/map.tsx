// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The map of the fleet: every host a cell, in one of its fleets, coloured by what is asked of it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { cell, data, outcome, table, tier, total, type Place } from "./data";
import { plural, TIERS, words } from "./format";
import { compareText, pick, SEVERITIES, worst } from "./hosts";
import { fit, Tip, useWidth, type Note } from "./picture";
import { change, useFragment } from "./state";
import { colour, useLook } from "./theme";

const GROUPS = 40;

interface Group {
  name: string;
  fleet: boolean;
  hosts: Place[];
}

interface Kind {
  name: string;
  colour: string;
  hollow?: boolean;
  filter?: Record<string, string>;
}

interface Scheme {
  title: string;
  kinds: Kind[];
  of: (host: Place) => number;
}

const SILENT = ["failed", "unreachable", "timed_out"];

const byTier: Scheme = {
  title: "tier",
  kinds: [
    { name: "tier 3, native", colour: "t3", filter: { tier: "3" } },
    { name: "tier 2, bcc", colour: "t2", filter: { tier: "2" } },
    { name: "tier 1, procfs", colour: "t1", filter: { tier: "1" } },
    { name: "no answer", colour: "bad", hollow: true, filter: { tier: "none" } },
    { name: "skipped", colour: "tn", hollow: true, filter: { outcome: "skipped" } },
  ],
  of: (host) => (tier(host) ? 3 - tier(host) : outcome(host) === "skipped" ? 4 : 3),
};

const byOutcome: Scheme = {
  title: "outcome",
  kinds: data.outcomes.map((name) => ({
    name: words(name),
    colour: name === "ok" ? "t3" : name === "partial" ? "t1" : name === "skipped" ? "tn" : "bad",
    hollow: name === "skipped" || name === "unreachable" || name === "timed_out",
    filter: { outcome: name },
  })),
  of: (host) => data.outcomes.indexOf(outcome(host)),
};

const byOutlier: Scheme = {
  title: "outliers",
  kinds: [
    { name: "outlier", colour: "mark", filter: { outlier: "any" } },
    { name: "like its fleet, or not compared", colour: "t3" },
    { name: "no answer", colour: "bad", hollow: true, filter: { tier: "none" } },
  ],
  of: (host) => (cell(table.outliers, host).length ? 0 : SILENT.includes(outcome(host)) || !tier(host) ? 2 : 1),
};

const byFinding: Scheme = {
  title: "findings",
  kinds: [
    { name: "critical", colour: "bad", filter: { finding: "critical" } },
    { name: "warning", colour: "t1", filter: { finding: "warning" } },
    { name: "notice", colour: "t2", filter: { finding: "notice" } },
    { name: "no finding", colour: "t3" },
    { name: "no answer", colour: "tn", hollow: true, filter: { tier: "none" } },
  ],
  of: (host) => {
    if (!tier(host)) return 4;
    const most = worst(host);
    return most < 0 ? 3 : SEVERITIES.length - 1 - most;
  },
};

const byHealth: Scheme = {
  title: "health",
  kinds: [
    { name: "below 50", colour: "bad" },
    { name: "50 to 79", colour: "t1" },
    { name: "80 to 94", colour: "t2" },
    { name: "95 and more", colour: "t3" },
    { name: "not known", colour: "tn", hollow: true },
  ],
  of: (host) => {
    const health = table.health?.[host] ?? null;
    return health === null ? 4 : health < 50 ? 0 : health < 80 ? 1 : health < 95 ? 2 : 3;
  },
};

const SCHEMES: Record<string, Scheme> = {
  tier: byTier,
  outcome: byOutcome,
  ...(table.outliers.values.some((one) => one.length) ? { outliers: byOutlier } : {}),
  ...(table.findings.values.some((one) => one.length) ? { findings: byFinding } : {}),
  ...(table.health ? { health: byHealth } : {}),
};

/**
 * Return fleets of which no two have a host in common, the smallest first: they divide the hosts, whatever other fleets lie
 * across them.
 */
function divide(): Set<number> {
  const across = data.fleets.map(() => new Set<number>());
  for (const one of table.fleets.values) for (const a of one) for (const b of one) if (a !== b) across[a]?.add(b);
  const chosen = new Set<number>();
  for (let fleet = data.fleets.length - 1; fleet >= 0; fleet--) {
    if (![...chosen].some((other) => across[fleet]?.has(other))) chosen.add(fleet);
  }
  return chosen;
}

/** Return the hosts by the fleets that divide them. */
function groups(): Group[] {
  const chosen = divide();
  const found = new Map<number, Group>();
  for (let host = 0; host < total; host++) {
    const fleet = cell(table.fleets, host).find((one) => chosen.has(one)) ?? -1;
    const group = found.get(fleet) ?? { name: data.fleets[fleet]?.name ?? "other hosts", fleet: fleet >= 0, hosts: [] };
    group.hosts.push(host);
    found.set(fleet, group);
  }
  const sorted = [...found.values()].sort((a, b) => b.hosts.length - a.hosts.length || compareText(a.name, b.name));
  if (sorted.length <= GROUPS) return sorted;
  const rest = sorted.slice(GROUPS - 1);
  return [...sorted.slice(0, GROUPS - 1), { name: plural(rest.length, "smaller fleet"), fleet: false, hosts: rest.flatMap((one) => one.hosts) }];
}

function size(): number {
  return total <= 60 ? 26 : total <= 150 ? 20 : total <= 400 ? 14 : total <= 1500 ? 10 : 7;
}

export function HostMap({ shown }: { shown: Place[] }) {
  const state = useFragment();
  const scheme = pick(SCHEMES, state.map) ?? byTier;
  const all = useMemo(groups, []);
  const [note, setNote] = useState<Note | null>(null);
  const visible = useMemo(() => new Set(shown), [shown]);
  const counts = useMemo(() => {
    const found = scheme.kinds.map(() => 0);
    for (let host = 0; host < total; host++) found[scheme.of(host)] = (found[scheme.of(host)] ?? 0) + 1;
    return found;
  }, [scheme]);
  const ordered = useMemo(
    () => all.map((group) => ({ ...group, hosts: [...group.hosts].sort((a, b) => scheme.of(a) - scheme.of(b) || a - b) })),
    [all, scheme],
  );
  return (
    <div class="card map">
      <div class="bar-top">
        <h2 class="sub">Map of {plural(total, "host")}</h2>
        <div class="seg" role="group" aria-label="Colour by">
          {Object.entries(SCHEMES).map(([name, one]) => (
            <button type="button" aria-pressed={scheme === one} onClick={() => change({ map: name === "tier" ? "" : name })}>
              {one.title}
            </button>
          ))}
        </div>
      </div>
      <div class="groups">
        {ordered.map((group) => (
          <Cells group={group} scheme={scheme} visible={visible} all={visible.size === total} tell={setNote} />
        ))}
      </div>
      <ul class="legend">
        {scheme.kinds.map((kind, place) => {
          const count = counts[place] ?? 0;
          if (!count) return null;
          const body = (
            <>
              <i class={`swatch ${kind.hollow ? "hollow" : ""} c-${kind.colour}`} />
              {kind.name} <b>{count.toLocaleString("en")}</b>
            </>
          );
          return <li>{kind.filter ? <a href={`#${new URLSearchParams(kind.filter)}`}>{body}</a> : <span>{body}</span>}</li>;
        })}
      </ul>
      <Tip note={note} />
    </div>
  );
}

interface CellsProps {
  group: Group;
  scheme: Scheme;
  visible: Set<Place>;
  all: boolean;
  tell: (note: Note | null) => void;
}

function Cells({ group, scheme, visible, all, tell }: CellsProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = useLook();
  const side = size();
  const gap = side > 9 ? 2 : 1;
  const columns = Math.max(1, Math.floor((width + gap) / (side + gap)));
  const rows = Math.ceil(group.hosts.length / columns);
  useEffect(() => {
    if (!canvas.current || !width) return;
    const context = fit(canvas.current, columns * (side + gap), rows * (side + gap));
    const colours = scheme.kinds.map((kind) => colour(kind.colour));
    const mark = colour("mark");
    group.hosts.forEach((host, at) => {
      const kind = scheme.of(host);
      const x = (at % columns) * (side + gap);
      const y = Math.floor(at / columns) * (side + gap);
      context.globalAlpha = all || visible.has(host) ? 1 : 0.14;
      context.fillStyle = context.strokeStyle = colours[kind] ?? mark;
      if (scheme.kinds[kind]?.hollow) {
        context.lineWidth = 1.5;
        context.strokeRect(x + 0.75, y + 0.75, side - 1.5, side - 1.5);
      } else {
        context.beginPath();
        context.roundRect(x, y, side, side, side > 9 ? 2.5 : 1);
        context.fill();
      }
      if (scheme !== byOutlier && cell(table.outliers, host).length) {
        context.fillStyle = colour("card");
        context.beginPath();
        context.arc(x + side / 2, y + side / 2, Math.max(side / 5, 1.5), 0, 7);
        context.fill();
      }
    });
  }, [width, scheme, visible, look, group]);
  const hostAt = (event: MouseEvent): Place | undefined => {
    const column = Math.floor(event.offsetX / (side + gap));
    const row = Math.floor(event.offsetY / (side + gap));
    return column < columns ? group.hosts[row * columns + column] : undefined;
  };
  const said = scheme.kinds
    .map((kind, place) => [kind.name, group.hosts.filter((host) => scheme.of(host) === place).length] as const)
    .filter(([, count]) => count)
    .map(([name, count]) => `${name}: ${count}`)
    .join(", ");
  return (
    <div class="group">
      <div class="group-name">
        {group.fleet ? <a href={`#${new URLSearchParams({ fleet: group.name })}`}>{group.name}</a> : <span>{group.name}</span>}
        <span class="soft"> {group.hosts.length.toLocaleString("en")}</span>
      </div>
      <div class="cells" ref={ref}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${group.name}, ${plural(group.hosts.length, "host")}: ${said}`}
          onMouseMove={(event) => {
            const host = hostAt(event);
            tell(host === undefined ? null : { x: event.clientX, y: event.clientY, body: <About host={host} /> });
          }}
          onMouseLeave={() => tell(null)}
          onClick={(event) => {
            const host = hostAt(event);
            if (host !== undefined) change({ host: table.host[host] ?? "" }, true);
          }}
        />
      </div>
    </div>
  );
}

function About({ host }: { host: Place }) {
  const far = cell(table.outliers, host);
  return (
    <>
      <b>{table.host[host]}</b>
      <br />
      {TIERS[tier(host)]}, {words(outcome(host))}
      {far.length ? `; outlier: ${far.join(", ")}` : ""}
      <br />
      <span class="soft">{cell(table.kernel, host) ?? cell(table.message, host)}</span>
    </>
  );
}
