// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Figures for people, as _units.py gives them where the page is written without a script.

import type { Labels } from "./data";

export function number(value: number | null | undefined): string {
  if (value === null || value === undefined) return "\u2013";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return Math.abs(value) < 1000 ? String(Number(value.toPrecision(3))) : Math.round(value).toLocaleString("en");
}

const TIME: [number, string][] = [
  [60_000_000, "min"],
  [1_000_000, "s"],
  [1000, "ms"],
];

/** Return a value with its unit; microseconds as the unit of time that reads best. */
export function quantity(value: number, unit: string): string {
  if (unit !== "us") return `${number(value)} ${unit}`;
  for (const [divisor, name] of TIME) {
    if (value >= divisor) return `${Number((value / divisor).toPrecision(3))} ${name}`;
  }
  return `${number(value)} \u00b5s`;
}

export function interval(bounds: readonly [number, number] | null | undefined, unit: string): string {
  return bounds ? `${quantity(bounds[0], unit)} \u2013 ${quantity(bounds[1], unit)}` : "\u2013";
}

/** Return a percentage: never 0 % of something, never 100 % of less than all. */
export function share(part: number, whole: number): string {
  if (!whole) return "\u2013";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 1) return "<1%";
  if (percent > 99 && percent < 100) return ">99%";
  return `${Math.round(percent)}%`;
}

export function bytes(value: number): string {
  for (const [divisor, name] of [[1 << 30, "GiB"], [1 << 20, "MiB"], [1 << 10, "KiB"]] as const) {
    if (value >= divisor) return `${Number((value / divisor).toPrecision(3))} ${name}`;
  }
  return `${value} B`;
}

/** Return a distance in doublings as a factor. */
export function factor(doublings: number): string {
  return `${Number((2 ** Math.abs(doublings)).toPrecision(2))}\u00d7`;
}

export function words(outcome: string): string {
  return outcome.replaceAll("_", " ");
}

export const TIERS = ["no tier", "tier 1", "tier 2", "tier 3"];

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const FLOW = ["saddr", "sport", "daddr", "dport"];

/** Return an item's labels as text; a connection's as source and destination. */
export function labelText(found: Labels): string {
  const rest = Object.entries(found).filter(([, value]) => value !== null);
  if (rest.length === 1) return String(rest[0]?.[1]);
  const parts: string[] = [];
  let named = rest;
  if (FLOW.every((name) => rest.some(([key]) => key === name))) {
    parts.push(`${endpoint(found.saddr, found.sport)} \u2192 ${endpoint(found.daddr, found.dport)}`);
    named = rest.filter(([key]) => !FLOW.includes(key));
  }
  return [...parts, ...named.map(([key, value]) => `${key}=${value}`)].join(" ");
}

function endpoint(address: unknown, port: unknown): string {
  return String(address).includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
