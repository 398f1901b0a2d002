// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What plugins/plugin_utils/_page_data.py embeds, and how it is read.

export type Place = number;

export interface Column<T> {
  values: T[];
  at: number[];
}

export interface HostTable {
  host: string[];
  outcome: string; // a digit per host: the place in `outcomes`
  tier: string; // a digit per host, 0: none known
  published: string;
  health: (number | null)[] | null;
  fleets: Column<number[]>;
  kernel: Column<string | null>;
  distribution: Column<string | null>;
  machine: Column<string | null>;
  message: Column<string | null>;
  needs: Column<string[]>;
  plans: Column<number[]>;
  outliers: Column<string[]>;
  findings: Column<[string, string][]>; // rule, severity
  changes: Column<[string, boolean][]>; // what, whether something was lost
}

export interface Distribution {
  hosts: number;
  counts: number[];
  quantiles: (number | null)[]; // the columns of p50, p90, p99
  without: { hosts: number; count: number; total: number | null };
}

export interface HeatMap {
  collector: string;
  unit: string;
  category: string;
  question: string;
  columns: [number, number][]; // lo <= value < hi
  whole: Distribution;
  fleets: Record<string, Distribution>;
}

/** [distance, shift, threshold, outlier, against], distances in doublings. */
export type Compared = [number, number, number, number, string | null];

export interface HeatBlock {
  hosts: Place[];
  shades: string;
  counts: number[];
  quantiles: (number | null)[];
  compared: (Compared | null)[];
}

export interface PageData {
  version: number;
  run: string;
  outcomes: string[];
  fleets: { name: string; hosts: number; tiers: Record<string, number> }[];
  hosts: HostTable;
  plans: { remedies: string[]; hosts: number }[];
  rules: Record<string, { title: string; means: string; next: string }>;
  previous: string | null;
  maps: HeatMap[];
  details: { first: number; pool: number; hosts: number; level: string };
}

export type Text = number | string | null | undefined; // a place in the pool, or the text itself

export interface Reason {
  code?: Text;
  message?: Text;
  remedy?: Text;
}

export type Labels = Record<string, string | number | boolean | null>;

export interface Result {
  collector: Text;
  question: Text;
  unit: Text;
  kind: "histogram" | "counts" | "events" | "stacks";
  tier?: number;
  status: string;
  source?: Text;
  reason?: Reason;
  attempts?: { tier: number; source?: Text; reason: Reason }[];
  lost?: number;
  window?: number;
  count?: number;
  total?: number;
  omitted?: number;
  buckets?: number[]; // lo, hi, count, and again
  series?: [Labels, number | null, number | null, ...([number, number] | null)[]][];
  items?: [Labels, number][];
  notes?: Text[];
  cost?: Record<string, Text | Text[]>;
}

export interface Detail {
  differs?: Text;
  python?: Text;
  received?: string;
  file?: string;
  proof?: { state: string; loader: string | null; ms: number | null };
  window?: { start: number; seconds: number };
  cost?: Record<string, number>;
  warnings?: Text[];
  unseen?: Text[];
  blockers?: { requirement: Text; state: Text; message: Text; remedy?: Text }[];
  requirements?: { name: Text; tier: number; state: Text; evidence: Text; remedy?: Text }[];
  results?: Result[];
  findings?: { rule: string; severity: string; subject: string | null; evidence: string }[];
  changes?: { what: string; name: string | null; before: string | null; after: string | null; worse: boolean }[];
  health?: { healthy: number; ailing: number; unknown: number; because: { rule: string; severity: string; points: number }[] };
  compared?: { collector: string; unit: string; against: string | null; distance: number; shift: number; threshold: number; outlier: boolean }[];
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

export const data: PageData = JSON.parse(element("data").textContent ?? "");
export const table: HostTable = data.hosts;
export const total = table.host.length;

const unpacked = new Map<number, Promise<unknown>>();

/** Return a packed block, unpacked once: base64 of deflated JSON. */
function block(number: number): Promise<unknown> {
  const known = unpacked.get(number);
  if (known) return known;
  const made = unpack(element(`block-${number}`).textContent ?? "");
  unpacked.set(number, made);
  return made;
}

async function unpack(text: string): Promise<unknown> {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

export function heat(map: number): Promise<HeatBlock> {
  return block(map) as Promise<HeatBlock>;
}

export interface Opened {
  detail: Detail;
  text: (at: Text) => string;
}

/** Return a host's details and the texts that they point to. */
export async function open(host: Place): Promise<Opened> {
  const { first, pool, hosts } = data.details;
  const [found, texts] = await Promise.all([
    block(first + Math.floor(host / hosts)) as Promise<Detail[]>,
    block(pool) as Promise<string[]>,
  ]);
  const detail = found[host % hosts];
  if (!detail) throw new Error("the page has no details of this host");
  return { detail, text: (at) => (typeof at === "number" ? (texts[at] ?? "") : (at ?? "")) };
}

/** Return a host's value of a column. */
export function cell<T>(column: Column<T>, host: Place): T {
  return column.values[column.at[host] as number] as T;
}

export function outcome(host: Place): string {
  return data.outcomes[Number(table.outcome[host])] ?? "failed";
}

export function tier(host: Place): number {
  return Number(table.tier[host]);
}

export function published(host: Place): number {
  return Number(table.published[host]);
}

export function fleetNames(host: Place): string[] {
  return cell(table.fleets, host).map((fleet) => data.fleets[fleet]?.name ?? "");
}

const places = new Map<string, Place>();
table.host.forEach((name, place) => places.set(name, place));

export function placeOf(name: string): Place | undefined {
  return places.get(name);
}
