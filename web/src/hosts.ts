// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which hosts are looked at, and in which order.

import { cell, data, fleetNames, outcome, placeOf, table, tier, total, type Place } from "./data";
import { FILTERS, type Filter, type State } from "./state";

export const SEVERITIES = ["notice", "warning", "critical"];

/** Return a host's values of what can be filtered by. */
export function valuesOf(filter: Filter, host: Place): string[] {
  switch (filter) {
    case "fleet":
      return fleetNames(host);
    case "tier":
      return [tier(host) ? String(tier(host)) : "none"];
    case "outcome":
      return [outcome(host), ...(outcome(host) === "ok" ? [] : ["not-ok"])];
    case "kernel":
      return [cell(table.kernel, host) ?? "unknown"];
    case "distribution":
      return [cell(table.distribution, host) ?? "unknown"];
    case "need":
      return cell(table.needs, host);
    case "fix":
      return cell(table.plans, host).map((plan) => String(plan + 1));
    case "finding":
      return cell(table.findings, host).flatMap(([rule, severity]) => [rule, severity]);
    case "change":
      return cell(table.changes, host).map(([what, worse]) => (worse ? `${what}-lost` : what));
    case "outlier": {
      const found = cell(table.outliers, host);
      return found.length ? ["any", ...found] : [];
    }
  }
}

const texts: string[] = [];

/** Return what a search looks through, lower case. */
function text(host: Place): string {
  texts[host] ??= [
    table.host[host],
    ...fleetNames(host),
    cell(table.kernel, host),
    cell(table.distribution, host),
    cell(table.machine, host),
    cell(table.message, host),
    ...cell(table.needs, host),
    ...cell(table.findings, host).map(([rule]) => `${rule} ${data.rules[rule]?.title ?? ""}`),
  ]
    .join("\n")
    .toLowerCase();
  return texts[host] as string;
}

function matches(host: Place, filter: Filter, wanted: string): boolean {
  return valuesOf(filter, host).includes(wanted);
}

/** Return the hosts that all filters and every word of the search let through, `except` one filter. */
export function filtered(state: State, except?: Filter): Place[] {
  const asked = FILTERS.filter((filter) => filter !== except && state[filter]);
  const words = (state.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const found: Place[] = [];
  for (let host = 0; host < total; host++) {
    if (asked.every((filter) => matches(host, filter, state[filter] as string)) && words.every((word) => text(host).includes(word))) {
      found.push(host);
    }
  }
  return found;
}

/** Return what a filter can be set to among some hosts, with how many hosts each has. */
export function options(filter: Filter, hosts: Place[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const host of hosts) for (const value of new Set(valuesOf(filter, host))) counts.set(value, (counts.get(value) ?? 0) + 1);
  const found = [...counts];
  if (filter === "tier") return found.sort(([a], [b]) => (a < b ? 1 : -1));
  return found.sort(([a, m], [b, n]) => n - m || compareText(a, b));
}

const collator = new Intl.Collator("en", { numeric: true });

export function compareText(a: string | null, b: string | null): number {
  return a === b ? 0 : a === null ? 1 : b === null ? -1 : collator.compare(a, b);
}

export function worst(host: Place): number {
  return Math.max(-1, ...cell(table.findings, host).map(([, severity]) => SEVERITIES.indexOf(severity)));
}

const ATTENTION = ["failed", "timed_out", "unreachable", "partial", "skipped", "ok"];

type Compare = (a: Place, b: Place) => number;

/** How the host table's columns compare; ties are decided by the name. */
export const COMPARE: Record<string, Compare> = {
  host: (a, b) => compareText(table.host[a] ?? null, table.host[b] ?? null),
  tier: (a, b) => tier(b) - tier(a),
  outcome: (a, b) => ATTENTION.indexOf(outcome(a)) - ATTENTION.indexOf(outcome(b)),
  fleet: (a, b) => compareText(fleetNames(a).join(), fleetNames(b).join()),
  kernel: (a, b) => compareText(cell(table.kernel, a), cell(table.kernel, b)),
  distribution: (a, b) => compareText(cell(table.distribution, a), cell(table.distribution, b)),
  health: (a, b) => (table.health?.[a] ?? 101) - (table.health?.[b] ?? 101),
  findings: (a, b) => worst(b) - worst(a) || cell(table.findings, b).length - cell(table.findings, a).length,
  outliers: (a, b) => cell(table.outliers, b).length - cell(table.outliers, a).length,
};

/** Return what a table has by a name that came from outside: its own entries only. */
export function pick<T>(found: Record<string, T>, name: string | undefined): T | undefined {
  return name !== undefined && Object.hasOwn(found, name) ? found[name] : undefined;
}

/** Return hosts sorted as `sort` says: a column's name, with "-" before it the other way round. */
export function sorted(hosts: Place[], sort: string, extra: Record<string, Compare> = {}): Place[] {
  const down = sort.startsWith("-");
  const name = sort.replace("-", "");
  const compare = pick(extra, name) ?? pick(COMPARE, name) ?? (COMPARE.host as Compare);
  const byName = COMPARE.host as Compare;
  return [...hosts].sort((a, b) => (down ? compare(b, a) : compare(a, b)) || byName(a, b));
}

export { data, placeOf };
