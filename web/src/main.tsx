// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Puts the parts that need a script into the page, and makes the page's own links change what is looked at.

import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { data, table, total, type Place } from "./data";
import { Filters } from "./filters";
import { HostDetail, HostDialog } from "./host";
import { filtered } from "./hosts";
import { Latency } from "./latency";
import { HostMap } from "./map";
import { follow, FILTERS, state, useFragment, type State } from "./state";
import { HostTable } from "./table";
import { setTheme, startTheme, theme, type Theme } from "./theme";

/** Return the hosts that are looked at; the same list as long as no filter changes. */
function useShown(): Place[] {
  const now = useFragment();
  const asked = JSON.stringify([...FILTERS, "q" as const].map((key) => now[key] ?? ""));
  return useMemo(() => filtered(state()), [asked]);
}

function ThemeButton() {
  const [now, set] = useState<Theme>(theme());
  const next: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
  return (
    <button
      type="button" class="theme"
      onClick={() => {
        setTheme(next[now]);
        set(next[now]);
      }}
      title="Light, dark, or as the system says"
    >
      Theme: {now}
    </button>
  );
}

function MapPart() {
  return <HostMap shown={useShown()} />;
}

function FilterPart() {
  return <Filters shown={useShown()} />;
}

function LatencyPart() {
  return <Latency shown={useShown()} />;
}

function TablePart() {
  return <HostTable shown={useShown()} />;
}

function DialogPart() {
  const shown = useShown();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof Element && event.target.closest("input, select, textarea, dialog");
      if (event.key === "/" && !typing) {
        event.preventDefault();
        document.getElementById("search")?.focus();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return <HostDialog shown={shown} />;
}

function put(id: string, part: preact.ComponentChild): void {
  const place = document.getElementById(id);
  if (!place) return;
  place.replaceChildren();
  render(part, place);
}

/** Whether a state narrows the hosts down. */
function narrows(now: State): boolean {
  return [...FILTERS, "q" as const].some((key) => now[key]);
}

function showHosts(): void {
  document.getElementById("explore")?.scrollIntoView();
}

function onLink(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const hash = link?.getAttribute("href") ?? "";
  if (!hash.startsWith("#") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (follow(hash)) {
    if (narrows(state()) && !state().host) showHosts();
    return;
  }
  const place = document.getElementById(hash.slice(1));
  place?.scrollIntoView();
  place?.focus({ preventScroll: true });
}

startTheme();
put("theme", <ThemeButton />);
if (total > 1) {
  put("map", <MapPart />);
  put("filters", <FilterPart />);
  put("table", <TablePart />);
} else if (total === 1) {
  put("table", <div class="card"><h3>{table.host[0]}</h3><HostDetail host={0} /></div>);
}
if (data.maps.length && total > 1) put("heat", <LatencyPart />);
put("dialog", <DialogPart />);
document.addEventListener("click", onLink);
if (narrows(state())) showHosts();
document.documentElement.classList.add("ready");
performance.mark("ready");
