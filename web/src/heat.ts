// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The heat map's rows: the hosts of one collector in an order, drawn where they are seen and nowhere else.

import { interpolateRgbBasis } from "d3-interpolate";
import { scaleSequential } from "d3-scale";
import { table, type HeatBlock, type HeatMap, type Place } from "./data";
import { compareText } from "./hosts";
import { fleetNames } from "./data";
import { colour } from "./theme";

export interface Row {
  host: Place;
  at: number; // in the block
}

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  tops: number[]; // where each row begins, and where the last one ends
  top: number; // pixels that are scrolled away
  cursor: number;
  most: number; // the strongest shade
}

export const SHADES = 40;

export const ORDERS: Record<string, string> = {
  unlike: "most unlike first",
  slow: "slowest first",
  events: "most events first",
  host: "by name",
  fleet: "by fleet",
};

/** Return the shown hosts that this map knows, in an order. */
export function arrange(block: HeatBlock, shown: Set<Place>, order: string): Row[] {
  const rows = block.hosts.map((host, at) => ({ host, at })).filter((row) => shown.has(row.host));
  const far = (row: Row): number => {
    const found = block.compared[row.at];
    return found ? found[3] * 1000 + Math.abs(found[0]) : -1;
  };
  const slow = (row: Row): number => {
    const [p50, p90, p99] = [0, 1, 2].map((q) => block.quantiles[row.at * 3 + q] ?? 0);
    return (p99 ?? 0) * 10000 + (p90 ?? 0) * 100 + (p50 ?? 0);
  };
  const byName = (a: Row, b: Row): number => compareText(table.host[a.host] ?? null, table.host[b.host] ?? null);
  const by: Record<string, (a: Row, b: Row) => number> = {
    unlike: (a, b) => far(b) - far(a) || slow(b) - slow(a),
    slow: (a, b) => slow(b) - slow(a),
    events: (a, b) => (block.counts[b.at] ?? 0) - (block.counts[a.at] ?? 0),
    host: byName,
    fleet: (a, b) => compareText(fleetNames(a.host).join(), fleetNames(b.host).join()) || slow(b) - slow(a),
  };
  const chosen = by[order] ?? (by.unlike as (a: Row, b: Row) => number);
  return rows.sort((a, b) => chosen(a, b) || byName(a, b));
}

export function isOutlier(block: HeatBlock, row: Row): boolean {
  return block.compared[row.at]?.[3] === 1;
}

/** Return a share of a host's events from its shade; the scale is that of the square root. */
export function shareOf(block: HeatBlock, row: Row, column: number, columns: number): number {
  const level = block.shades.charCodeAt(row.at * columns + column) - 48;
  return level > 0 ? ((level - 1) / (SHADES - 1)) ** 2 : 0;
}

/** Return the strongest shade of a map: what has the strongest colour. */
export function strongest(block: HeatBlock): number {
  let most = 2;
  for (let at = 0; at < block.shades.length; at++) most = Math.max(most, block.shades.charCodeAt(at) - 48);
  return most;
}

/** Return the colours of all shades up to the strongest, the first for none. */
export function ramp(most: number): string[] {
  const paint = scaleSequential(interpolateRgbBasis([colour("heat0"), colour("heat1"), colour("heat2"), colour("heat3")])).domain([0, 1]);
  return [colour("heat-none"), ...Array.from({ length: most }, (_, level) => paint(level / Math.max(most - 1, 1)))];
}

export function draw(context: CanvasRenderingContext2D, map: HeatMap, block: HeatBlock, rows: Row[], frame: Frame): void {
  const columns = map.columns.length;
  const colours = ramp(frame.most);
  const [ink, soft, mark, card] = ["ink", "soft", "mark", "card"].map(colour) as [string, string, string, string];
  const step = (frame.width - frame.left - frame.right) / columns;
  context.textBaseline = "middle";
  context.font = "12px system-ui, sans-serif";
  for (let at = rowAt(frame.tops, frame.top); at < rows.length; at++) {
    const row = rows[at] as Row;
    const y = (frame.tops[at] as number) - frame.top;
    if (y > frame.height) break;
    const tall = (frame.tops[at + 1] as number) - (frame.tops[at] as number);
    const gap = tall >= 8 ? 1 : 0;
    for (let column = 0; column < columns; column++) {
      const level = block.shades.charCodeAt(row.at * columns + column) - 48;
      context.fillStyle = colours[level] ?? (colours[0] as string);
      const x = Math.round(frame.left + column * step);
      context.fillRect(x, y, Math.round(frame.left + (column + 1) * step) - x - gap, tall - gap);
    }
    const far = isOutlier(block, row);
    if (far) {
      context.fillStyle = mark;
      const thick = Math.max(tall - gap, 3);
      context.fillRect(frame.left - 5, y, 3, thick);
      context.fillRect(frame.width - frame.right + 2, y, 3, thick);
    }
    if (tall >= TALL) {
      const middle = y + (tall - gap) / 2 + 0.5;
      context.fillStyle = far ? mark : ink;
      context.textAlign = "right";
      context.fillText(shorten(context, table.host[row.host] ?? "", frame.left - 18), frame.left - 10, middle);
      const p99 = block.quantiles[row.at * 3 + 2];
      if (p99 !== null && p99 !== undefined) {
        const x = frame.left + (p99 + 0.5) * step;
        context.fillStyle = card;
        context.fillRect(x - 1.5, y + 2, 3, tall - gap - 4);
        context.fillStyle = soft;
        context.fillRect(x - 0.5, y + 2, 1, tall - gap - 4);
      }
    }
    if (at === frame.cursor) {
      context.strokeStyle = ink;
      context.lineWidth = 1.5;
      context.strokeRect(frame.left + 0.75, y - 0.5, frame.width - frame.left - frame.right - 1.5, Math.max(tall, 4));
    }
  }
}

export const TALL = 13; // pixels of a row that has a name
const EACH = 17;
const MANY = 28; // rows up to which each has its name

/** Return where each row begins, and where the last one ends: few rows are tall, of many the outliers only. */
export function layout(block: HeatBlock, rows: Row[], room: number): number[] {
  const low = rows.length <= MANY ? EACH : Math.max(3, Math.min(EACH, Math.floor((2 * room) / rows.length)));
  const tops = [0];
  for (const [at, row] of rows.entries()) tops.push((tops[at] as number) + (isOutlier(block, row) ? Math.max(low, EACH - 2) : low));
  return tops;
}

/** Return the row at a place, by halving. */
export function rowAt(tops: number[], y: number): number {
  let low = 0;
  let high = tops.length - 1;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((tops[middle] as number) <= y) low = middle;
    else high = middle;
  }
  return low;
}

/** Draw the quantiles of the fleet through all rows. */
export function drawQuantiles(context: CanvasRenderingContext2D, quantiles: (number | null)[], columns: number, frame: Frame): void {
  const step = (frame.width - frame.left - frame.right) / columns;
  context.strokeStyle = colour("mark");
  context.setLineDash([3, 3]);
  context.lineWidth = 1;
  for (const column of new Set(quantiles)) {
    if (column === null) continue;
    const x = Math.round(frame.left + (column + 0.5) * step) + 0.5;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, frame.height);
    context.stroke();
  }
  context.setLineDash([]);
}

/** Return a name cut in its middle where it does not fit. */
function shorten(context: CanvasRenderingContext2D, name: string, room: number): string {
  if (name.length < 60 && context.measureText(name).width <= room) return name;
  for (let kept = Math.min(name.length - 1, 59); kept > 4; kept--) {
    const cut = `${name.slice(0, Math.ceil(kept / 2))}\u2026${name.slice(-Math.floor(kept / 2))}`;
    if (context.measureText(cut).width <= room) return cut;
  }
  return "\u2026";
}
