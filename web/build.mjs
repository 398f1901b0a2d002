// Copyright (c) 2026, the ebpf.fleet developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Builds the page's script and style into plugins/plugin_utils/_templates, and puts axe-core where the browser's tests find
// it. With --check nothing is written: it fails unless what is committed is what the sources give, byte for byte.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const top = dirname(here);
const templates = join(top, "plugins", "plugin_utils", "_templates");
const OURS = "Copyright (c) 2026, the ebpf.fleet developers; GPL-3.0-or-later. Built from web/, do not edit.";

/** Return the packages whose code is in a bundle, each with the text of its licence. */
async function licences(inputs) {
  const names = new Set();
  for (const path of inputs) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) names.add(found[1]);
  }
  const texts = [];
  for (const name of [...names].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const text = await readFile(join(folder, "LICENSE"), "utf8");
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}`);
  }
  return texts;
}

async function bundle(entry, loader) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    charset: "ascii",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    loader,
    outdir: "out",
  });
  const [file] = result.outputFiles;
  const [output] = Object.values(result.metafile.outputs);
  const inputs = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { text: file.text, inputs: inputs.map(([path]) => path) };
}

const script = await bundle("src/main.tsx", {});
const style = await bundle("src/page.css", {});
const notices = await licences(script.inputs);
const comment = [OURS, "With code of these packages:", ...notices].join("\n\n");
if (/\*\/|<\/script|<!--/i.test(comment) || /<\/script|<!--/i.test(script.text) || /<\/style/i.test(style.text)) {
  throw new Error("the bundle has text that would end its comment or its element");
}
const outputs = new Map([
  [join(templates, "page.js"), `/*\n${comment}\n*/\n${script.text}`],
  [join(templates, "page.css"), `/* ${OURS} */\n${style.text}`],
  [join(top, "tests", "browser", "axe.min.js"), await readFile(join(here, "node_modules", "axe-core", "axe.min.js"), "utf8")],
]);
let differ = 0;
for (const [path, text] of outputs) {
  const name = relative(top, path);
  if (process.argv.includes("--check")) {
    const same = (await readFile(path, "utf8").catch(() => null)) === text;
    differ += same ? 0 : 1;
    console.log(`${name}: ${same ? "same" : "DIFFERS from what web/ gives: run make web-build and commit it"}`);
  } else {
    await writeFile(path, text);
    console.log(`${name}: ${Buffer.byteLength(text)} bytes`);
  }
}
process.exitCode = differ ? 1 : 0;
