// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A histogram over log2 buckets: bars of one distribution, the outline of another to hold it against, the quantiles' buckets.

import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { useLayoutEffect, useRef } from "preact/hooks";
import { interval, number, quantity, share } from "./format";

export type Bounds = [number, number];

export interface HistogramProps {
  columns: Bounds[];
  counts: number[];
  unit: string;
  width: number;
  height: number;
  left: number;
  right?: number;
  quantiles: (number | null)[]; // columns of p50, p90, p99
  against?: { name: string; counts: number[] } | undefined;
  axis?: boolean;
  label: string;
}

const NAMES = ["p50", "p90", "p99"];
const TOP = 26;

export function sum(counts: number[]): number {
  return counts.reduce((all, one) => all + one, 0);
}

/** Return the columns of p50, p90 and p99: nearest rank, as _histogram.quantile has it. */
export function quantileColumns(counts: number[]): (number | null)[] {
  const total = sum(counts);
  return [0.5, 0.9, 0.99].map((q) => {
    let seen = 0;
    for (const [column, count] of counts.entries()) {
      seen += count;
      if (total && seen >= Math.ceil(q * total)) return column;
    }
    return null;
  });
}

/** Return the edges that have a label, as many as there is room for. */
export function labelled(columns: Bounds[], step: number): number[] {
  const every = Math.max(1, Math.ceil(62 / step));
  return columns.map((_, at) => at).filter((at) => at % every === 0);
}

export function Histogram(props: HistogramProps) {
  const { columns, counts, unit, width, height, left, quantiles, against, label } = props;
  const right = props.right ?? 8;
  const base = height - (props.axis === false ? 1 : 22);
  const x = scaleLinear([0, columns.length], [left, width - right]);
  const step = x(1) - x(0);
  const total = sum(counts);
  const other = against ? sum(against.counts) : 0;
  const shares = counts.map((count) => (total ? count / total : 0));
  const others = against?.counts.map((count) => (other ? count / other : 0)) ?? [];
  const y = scaleLinear([0, Math.max(...shares, ...others, 0.01)], [base, TOP]);
  const below = useRef<SVGGElement>(null);
  const aside = useRef<SVGGElement>(null);
  useLayoutEffect(() => {
    if (aside.current) {
      const axis = axisLeft(y).tickValues(y.ticks(3).filter((tick) => tick > 0)).tickFormat((value) => `${Number((100 * Number(value)).toFixed(1))}%`).tickSizeOuter(0);
      select(aside.current).call(axis.tickSizeInner(-(width - right - left)).tickPadding(6));
    }
    if (below.current) {
      const axis = axisBottom(x).tickValues(labelled(columns, step)).tickFormat((at) => quantity(columns[Number(at)]?.[0] ?? 0, unit));
      select(below.current).call(axis.tickSizeOuter(0));
    }
  });
  let line = "";
  for (const [at, one] of others.entries()) line += `${at ? "L" : "M"}${x(at)},${y(one)}H${x(at + 1)}`;
  return (
    <svg class="hist" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <g class="axis y" ref={aside} transform={`translate(${left},0)`} aria-hidden="true" />
      {columns.map((bounds, at) => {
        const count = counts[at] ?? 0;
        const size = count ? Math.max(base - y(shares[at] ?? 0), 1.5) : 0;
        const said = `${interval(bounds, unit)}: ${number(count)} (${share(count, total)})${against ? `; ${against.name}: ${share(against.counts[at] ?? 0, other)}` : ""}`;
        return (
          <g class="b">
            <rect class="hit" x={x(at)} y={TOP} width={step} height={base - TOP} />
            <rect class="v" x={x(at) + step * 0.06} y={base - size} width={step * 0.88} height={size} rx={1} />
            <title>{said}</title>
          </g>
        );
      })}
      {line ? <path class="against" d={line} /> : null}
      <Marks quantiles={quantiles} x={(column) => x(column + 0.5)} top={TOP} bottom={base} />
      {props.axis === false ? null : <g class="axis x" ref={below} transform={`translate(0,${base})`} aria-hidden="true" />}
    </svg>
  );
}

interface MarksProps {
  quantiles: (number | null)[];
  x: (column: number) => number;
  top: number;
  bottom: number;
}

/** The quantiles' columns, marked; those that share a column share the mark. */
function Marks({ quantiles, x, top, bottom }: MarksProps) {
  const found = new Map<number, string[]>();
  quantiles.forEach((column, at) => {
    if (column !== null) found.set(column, [...(found.get(column) ?? []), NAMES[at] ?? ""]);
  });
  let free = 0;
  return (
    <g class="marks" aria-hidden="true">
      {[...found].map(([column, names]) => {
        const at = x(column);
        const wide = 28 * names.length;
        const low = at - wide / 2 < free;
        free = at + wide / 2;
        return (
          <>
            <path d={`M${at},${low ? top - 2 : top - 12}V${bottom}`} />
            <text x={at} y={low ? top - 4 : top - 15}>
              {names.join(" ")}
            </text>
          </>
        );
      })}
    </g>
  );
}
