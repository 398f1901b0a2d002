// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Latency: one collector at a time, the fleet's distribution above, below it each host as a row of the same buckets.

import { axisBottom } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { data, heat, table, type HeatBlock, type HeatMap, type Place } from "./data";
import { factor, interval, number, plural, quantity, share } from "./format";
import { arrange, draw, drawQuantiles, isOutlier, layout, ORDERS, ramp, rowAt, SHADES, shareOf, strongest, TALL, type Frame, type Row } from "./heat";
import { Histogram, labelled, sum } from "./histogram";
import { fit, Tip, useWidth, type Note } from "./picture";
import { pick } from "./hosts";
import { change, useFragment, type State } from "./state";
import { useLook } from "./theme";

const NAMES = ["p50", "p90", "p99"];

/** Return the map that is looked at. */
export function chosenMap(state: State): number {
  const found = data.maps.findIndex((one) => mapKey(one) === state.latency);
  return Math.max(found, 0);
}

export function mapKey(map: HeatMap): string {
  const same = data.maps.filter((one) => one.collector === map.collector).length > 1;
  return same ? `${map.collector}/${map.unit}` : map.collector;
}

export function useHeat(map: number): HeatBlock | null {
  const [found, set] = useState<{ map: number; block: HeatBlock } | null>(null);
  useEffect(() => {
    let wanted = true;
    void heat(map).then((block) => {
      if (wanted) set({ map, block });
    });
    return () => {
      wanted = false;
    };
  }, [map]);
  return found?.map === map ? found.block : null;
}

export function Latency({ shown }: { shown: Place[] }) {
  const state = useFragment();
  const place = chosenMap(state);
  const map = data.maps[place] as HeatMap;
  const block = useHeat(place);
  const order = pick(ORDERS, state.order) === undefined ? "unlike" : (state.order as string);
  const rows = useMemo(() => (block ? arrange(block, new Set(shown), order) : []), [block, shown, order]);
  const fleet = data.fleets.findIndex((one) => one.name === state.fleet);
  const scope = (fleet >= 0 ? map.fleets[fleet] : undefined) ?? map.whole;
  const scopeName = scope === map.whole ? "all hosts" : (state.fleet ?? "");
  return (
    <>
    <h2>Latency</h2>
    <div class="card latency">
      <div class="bar-top">
        <div class="seg" role="group" aria-label="Collector">
          {data.maps.map((one, at) => (
            <button type="button" aria-pressed={at === place} onClick={() => change({ latency: at ? mapKey(one) : "" })}>
              {mapKey(one)}
            </button>
          ))}
        </div>
        <label class="inline">
          Order{" "}
          <select value={order} onChange={(event) => change({ order: event.currentTarget.value === "unlike" ? "" : event.currentTarget.value })}>
            {Object.entries(ORDERS).map(([name, words]) => (
              <option value={name}>{words}</option>
            ))}
          </select>
        </label>
      </div>
      <p class="question">{map.question}</p>
      <dl class="figures">
        {NAMES.map((name, at) => {
          const column = scope.quantiles[at] ?? null;
          return (
            <div>
              <dt>{name}</dt>
              <dd>{interval(column === null ? null : map.columns[column], map.unit)}</dd>
            </div>
          );
        })}
        <div>
          <dt>{scopeName}</dt>
          <dd>
            {plural(scope.hosts, "host")}, {number(sum(scope.counts))} events
          </dd>
        </div>
      </dl>
      {block ? <Rows map={map} block={block} rows={rows} scope={scope} scopeName={scopeName} /> : <div class="waiting">Unpacking...</div>}
      {scope.without.hosts ? (
        <p class="small soft">
          {plural(scope.without.hosts, "more host")} of {scopeName} {scope.without.hosts === 1 ? "knows" : "know"} no distribution, only{" "}
          {plural(scope.without.count, "event")}
          {scope.without.total !== null && scope.without.count ? `, ${quantity(scope.without.total / scope.without.count, map.unit)} on average` : ""}.
        </p>
      ) : null}
    </div>
    </>
  );
}

interface RowsProps {
  map: HeatMap;
  block: HeatBlock;
  rows: Row[];
  scope: HeatMap["whole"];
  scopeName: string;
}

const MOST = 480; // pixels of the rows' window

function Rows({ map, block, rows, scope, scopeName }: RowsProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const axis = useRef<SVGGElement>(null);
  const [top, setTop] = useState(0);
  const [cursor, setCursor] = useState(-1);
  const [note, setNote] = useState<Note | null>(null);
  const look = useLook();
  const narrow = width < 620;
  const tops = useMemo(() => layout(block, rows, MOST), [block, rows]);
  const all = tops[rows.length] ?? 0;
  const named = rows.some((_, at) => (tops[at + 1] ?? 0) - (tops[at] ?? 0) >= TALL);
  const left = named ? (narrow ? 104 : 168) : 56;
  const right = 12;
  const columns = map.columns.length;
  const height = Math.max(1, Math.min(all, MOST));
  const most = useMemo(() => strongest(block), [block]);
  const outliers = rows.filter((row) => isOutlier(block, row)).length;

  useEffect(() => {
    setCursor(-1);
    if (box.current) box.current.scrollTop = 0;
  }, [map, rows]);

  useEffect(() => {
    if (!canvas.current || !width) return;
    const context = fit(canvas.current, width, height);
    const frame: Frame = { width, height, left, right, tops, top, cursor, most };
    draw(context, map, block, rows, frame);
    if (rows.length > 1) drawQuantiles(context, scope.quantiles, columns, frame);
  }, [width, height, left, tops, top, cursor, rows, map, block, scope, look]);

  useLayoutEffect(() => {
    if (!axis.current || !width) return;
    const x = scaleLinear([0, columns], [left, width - right]);
    const ticks = labelled(map.columns, x(1) - x(0));
    const made = axisBottom(x).tickValues(ticks).tickFormat((at) => quantity(map.columns[Number(at)]?.[0] ?? 0, map.unit));
    select(axis.current).call(made.tickSizeOuter(0));
  }, [width, left, map]);

  const pointed = (event: MouseEvent): Row | undefined => rows[rowAt(tops, event.offsetY + top)];
  const openHost = (row: Row | undefined): void => {
    if (row) change({ host: table.host[row.host] ?? "" }, true);
  };
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setCursor(next);
    const element = box.current;
    if (!element) return;
    const [from, to_] = [tops[next] ?? 0, tops[next + 1] ?? 0];
    if (from < element.scrollTop) element.scrollTop = from;
    if (to_ > element.scrollTop + height) element.scrollTop = to_ - height;
  };
  const onKey = (event: KeyboardEvent): void => {
    const page = Math.max(1, rowAt(tops, top + height) - rowAt(tops, top));
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    if (Object.hasOwn(steps, event.key)) {
      event.preventDefault();
      move(event.key === "Home" ? 0 : cursor + (steps[event.key] ?? 0));
    } else if (event.key === "Enter" && cursor >= 0) {
      event.preventDefault();
      openHost(rows[cursor]);
    }
  };
  const about = (row: Row, column: number): string => {
    const bounds = map.columns[column];
    const quantiles = NAMES.map((name, at) => {
      const found = block.quantiles[row.at * 3 + at] ?? null;
      return `${name} ${interval(found === null ? null : map.columns[found], map.unit)}`;
    });
    const near = bounds ? ` ${interval(bounds, map.unit)}: about ${share(Math.round(1000 * shareOf(block, row, column, columns)), 1000)} of its events.` : "";
    return `${quantiles.join(", ")}; ${number(block.counts[row.at])} events.${near}`;
  };
  const unlike = (row: Row): string => {
    const found = block.compared[row.at];
    if (!found) return "";
    const [distance, shift, threshold, outlier, against] = found;
    const way = Math.abs(shift) < 0.05 ? "as fast as" : `${factor(shift)} ${shift > 0 ? "slower than" : "faster than"}`;
    return `${outlier ? "Outlier: " : ""}${way} ${against ?? "all hosts"} on average, distance ${distance} (threshold ${threshold}) doublings.`;
  };
  const current = rows[cursor];
  return (
    <div class="heat" ref={ref}>
      {width > 0 ? (
        <>
          <Histogram
            columns={map.columns} counts={scope.counts} unit={map.unit} width={width} height={132} left={left} right={right}
            quantiles={scope.quantiles} axis={false}
            label={`Distribution of ${map.collector} over ${scopeName}: ${NAMES.map((name, at) => `${name} ${interval(map.columns[scope.quantiles[at] ?? -1], map.unit)}`).join(", ")}`}
          />
          <div
            class="rows" ref={box} tabIndex={0} role="application" aria-roledescription="heat map"
            aria-label={`${plural(rows.length, "host")} by ${map.collector}, ${plural(outliers, "outlier")}. Arrow keys move from host to host, Enter opens one.`}
            onScroll={(event) => setTop(event.currentTarget.scrollTop)} onKeyDown={onKey}
            style={{ height: `${height}px` }}
          >
            <div style={{ height: `${all}px` }}>
              <canvas
                ref={canvas}
                onMouseMove={(event) => {
                  const row = pointed(event);
                  const column = Math.floor(((event.offsetX - left) / (width - left - right)) * columns);
                  setNote(row ? { x: event.clientX, y: event.clientY, body: <><b>{table.host[row.host]}</b><br />{about(row, column)}<br />{unlike(row)}</> } : null);
                }}
                onMouseLeave={() => setNote(null)}
                onClick={(event) => openHost(pointed(event))}
              />
            </div>
          </div>
          <svg class="hist" width={width} height={24} aria-hidden="true">
            <g class="axis x" ref={axis} transform="translate(0,1)" />
          </svg>
          <p class="sr" role="status">
            {current ? `${table.host[current.host]}: ${about(current, -1)} ${unlike(current)}` : ""}
          </p>
          {current ? (
            <p class="small">
              <b>{table.host[current.host]}</b> {about(current, -1)} {unlike(current)}
            </p>
          ) : null}
          <Key rows={rows.length} outliers={outliers} most={most} />
        </>
      ) : null}
      <Tip note={note} />
    </div>
  );
}

/** What the colours and marks mean. */
function Key({ rows, outliers, most }: { rows: number; outliers: number; most: number }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const look = useLook();
  useEffect(() => {
    if (!ref.current) return;
    const context = fit(ref.current, 120, 10);
    const colours = ramp(most);
    colours.forEach((one, at) => {
      context.fillStyle = one;
      context.fillRect((at * 120) / colours.length, 0, 121 / colours.length, 10);
    });
  }, [look, most]);
  return (
    <ul class="legend">
      <li>
        a row is a host; share of its events: 0 <canvas ref={ref} role="img" aria-label="from pale to strong" /> {share(Math.round(1000 * ((most - 1) / (SHADES - 1)) ** 2), 1000)}
      </li>
      <li>
        <i class="dash" /> the fleet's p50, p90, p99
      </li>
      {outliers ? (
        <li>
          <a href="#outlier=any">
            <i class="swatch c-mark" /> outlier <b>{number(outliers)}</b>
          </a>
        </li>
      ) : null}
      <li class="soft">{plural(rows, "host")} of those shown</li>
    </ul>
  );
}
