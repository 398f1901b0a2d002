// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What narrows the hosts down: one bar for the map, the heat map and the table.

import { useMemo } from "preact/hooks";
import { data, total, type Place } from "./data";
import { plural, TIERS, words } from "./format";
import { filtered, options, pick } from "./hosts";
import { change, FILTERS, NONE, useFragment, type Filter } from "./state";

const TITLES: Record<Filter, string> = {
  fleet: "Fleet",
  tier: "Tier",
  outcome: "Outcome",
  kernel: "Kernel",
  distribution: "Distribution",
  need: "Held back by",
  fix: "Mended by",
  finding: "Finding",
  outlier: "Outlier",
  change: "Changed",
};
const MOST = 400; // options of one list; the search finds the others

/** Return a filter's value as people say it. */
export function say(filter: Filter, value: string): string {
  if (filter === "tier") return value === "none" ? "no tier" : (TIERS[Number(value)] ?? value);
  if (filter === "outcome") return value === "not-ok" ? "not ok" : words(value);
  if (filter === "outlier") return value === "any" ? "in any collector" : value;
  if (filter === "finding") return pick(data.rules, value)?.title ?? `any ${value}`;
  if (filter === "change") return value === "host" ? "new host" : value.replace("-lost", ", for the worse");
  if (filter === "fix") return (data.plans[Number(value) - 1]?.remedies ?? [value]).join(" + ");
  return value;
}

export function Filters({ shown }: { shown: Place[] }) {
  const state = useFragment();
  const lists = useMemo(() => FILTERS.map((filter) => [filter, options(filter, filtered(state, filter))] as const), [state]);
  const active = FILTERS.filter((filter) => state[filter]);
  return (
    <form class="filters" role="search" aria-label="Hosts" onSubmit={(event) => event.preventDefault()}>
      <input
        id="search" type="search" placeholder="Search hosts, kernels, messages  ( / )" aria-label="Search hosts" value={state.q ?? ""}
        onInput={(event) => change({ q: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") change({ q: "" });
        }}
        autocomplete="off" spellcheck={false}
      />
      {lists.map(([filter, found]) =>
        found.length > 1 || state[filter] || (found.length === 1 && (found[0]?.[1] ?? 0) < total) ? (
          <select aria-label={TITLES[filter]} class={state[filter] ? "set" : ""} value={state[filter] ?? ""} onChange={(event) => change({ [filter]: event.currentTarget.value }, true)}>
            <option value="">{TITLES[filter]}</option>
            {state[filter] && !found.some(([value]) => value === state[filter]) ? <option value={state[filter]}>{say(filter, state[filter] as string)}</option> : null}
            {found.slice(0, MOST).map(([value, count]) => (
              <option value={value}>{`${say(filter, value)} (${count.toLocaleString("en")})`}</option>
            ))}
          </select>
        ) : null,
      )}
      <p class="count" role="status">
        {shown.length === total ? plural(total, "host") : `${shown.length.toLocaleString("en")} of ${plural(total, "host")}`}
      </p>
      {active.length || state.q ? (
        <button type="button" class="plain" onClick={() => change(NONE, true)}>
          Clear
        </button>
      ) : null}
    </form>
  );
}
