// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is looked at: kept in the address's fragment, so that a link shows another person the same, and Back goes back.

import { useEffect, useState } from "preact/hooks";

export const FILTERS = ["fleet", "tier", "outcome", "kernel", "distribution", "need", "fix", "finding", "outlier", "change"] as const;
export type Filter = (typeof FILTERS)[number];
const KEYS = [...FILTERS, "q", "sort", "page", "map", "latency", "order", "host"] as const;
export type Key = (typeof KEYS)[number];
export type State = Partial<Record<Key, string>>;

export function parse(fragment: string): State {
  const found: State = {};
  if (!fragment.includes("=")) return found;
  for (const [key, value] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    if ((KEYS as readonly string[]).includes(key) && value) found[key as Key] = value.slice(0, 2000);
  }
  return found;
}

export function fragment(state: State): string {
  const words = new URLSearchParams();
  for (const key of KEYS) {
    const value = state[key];
    if (value) words.set(key, value);
  }
  return words.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/");
}

let current = parse(location.hash);
const listeners = new Set<() => void>();

export function state(): State {
  return current;
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** Change a part of the state. `step`: as a step that Back undoes. A filter that changes shows its first page. */
export function change(part: State, step = false): void {
  const next: State = { ...current, ...part };
  if (Object.keys(part).some((key) => key === "q" || key === "sort" || (FILTERS as readonly string[]).includes(key))) {
    if (!("page" in part)) delete next.page;
  }
  for (const key of KEYS) if (!next[key]) delete next[key];
  current = next;
  const hash = fragment(next);
  const address = hash ? `#${hash}` : location.pathname + location.search;
  history[step ? "pushState" : "replaceState"](null, "", address);
  tell();
}

export const NONE: State = Object.fromEntries([...FILTERS, "q"].map((key) => [key, ""]));

/** Take what a link's fragment says; a link of the page's own text keeps what it does not name, except filters. */
export function follow(hash: string): boolean {
  const found = parse(hash);
  if (!Object.keys(found).length) return false;
  const filters = Object.keys(found).some((key) => (FILTERS as readonly string[]).includes(key) || key === "q");
  change({ ...(filters ? { ...NONE, host: "" } : {}), ...found }, true);
  return true;
}

function reread(): void {
  if (location.hash && !location.hash.includes("=")) return; // a place in the page
  current = parse(location.hash);
  tell();
}
addEventListener("popstate", reread);
addEventListener("hashchange", reread);

export function useFragment(): State {
  const [value, set] = useState(current);
  useEffect(() => {
    const listener = (): void => set(current);
    listeners.add(listener);
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return value;
}
