// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What pictures have in common: their width, their pixels, and the note beside the pointer.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren, RefObject } from "preact";

/** Return a reference and the width of the element that it is put on. */
export function useWidth<T extends HTMLElement>(): [RefObject<T | null>, number] {
  const ref = useRef<T>(null);
  const [width, set] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = (): void => set(Math.floor(element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

/** Size a canvas in CSS pixels and return its context, cleared, drawn on in the same pixels. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const density = Math.min(devicePixelRatio || 1, 3);
  canvas.width = Math.max(1, Math.round(width * density));
  canvas.height = Math.max(1, Math.round(height * density));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser draws on no canvas");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

export interface Note {
  x: number; // of the window
  y: number;
  body: ComponentChildren;
}

/** The note beside the pointer; what it says is in the host table too. */
export function Tip({ note }: { note: Note | null }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element || !note) return;
    const { width, height } = element.getBoundingClientRect();
    const left = Math.min(note.x + 14, innerWidth - width - 8);
    const top = note.y + 18 + height > innerHeight ? note.y - height - 10 : note.y + 18;
    element.style.left = `${Math.max(left, 8)}px`;
    element.style.top = `${Math.max(top, 8)}px`;
  });
  return note ? (
    <div class="tip" ref={ref} aria-hidden="true">
      {note.body}
    </div>
  ) : null;
}
