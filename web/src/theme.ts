// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Light and dark: as the system says until the reader chooses; always light on paper. Canvases ask here for their colours.

import { useEffect, useState } from "preact/hooks";

export type Theme = "auto" | "light" | "dark";
const KEY = "ebpf-fleet-theme";
const root = document.documentElement;
const listeners = new Set<() => void>();
const print = matchMedia("print");

function tell(): void {
  for (const listener of listeners) listener();
}

/** Return what was chosen before; a browser may refuse to keep it, and then the system's theme is used. */
function kept(): Theme {
  try {
    const found = localStorage.getItem(KEY);
    return found === "light" || found === "dark" ? found : "auto";
  } catch (error) {
    if (error instanceof DOMException) return "auto";
    throw error;
  }
}

export function theme(): Theme {
  const found = root.dataset.theme;
  return found === "light" || found === "dark" ? found : "auto";
}

export function setTheme(wanted: Theme): void {
  if (wanted === "auto") delete root.dataset.theme;
  else root.dataset.theme = wanted;
  try {
    localStorage.setItem(KEY, wanted);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // it is then kept as long as the page is open
  }
  tell();
}

export function startTheme(): void {
  const found = kept();
  if (found !== "auto") root.dataset.theme = found;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  print.addEventListener("change", tell);
}

/** Return a number that changes whenever colours do. */
export function useLook(): number {
  const [look, set] = useState(0);
  useEffect(() => {
    const listener = (): void => set((now) => now + 1);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return look;
}

/** Return a colour of the style sheet. */
export function colour(name: string): string {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}
