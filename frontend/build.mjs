// Builds what the pages need into chalicelib/web/static/dist: hashed names, a gzip beside each text file, and
// manifest.json, which maps the names that templates use to the hashed ones. Equal sources give equal bytes.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync, constants } from "node:zlib";
import { build } from "esbuild";
import { Marked } from "marked";
import { compile } from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "chalicelib", "web", "static", "dist");
const require = createRequire(import.meta.url);
const manifest = {};

async function put(name, bytes) {
  const extension = extname(name);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const hashed = `${name.slice(0, -extension.length)}-${hash}${extension}`;
  await writeFile(join(target, hashed), bytes);
  if (![".woff2", ".png"].includes(extension)) {
    await writeFile(join(target, `${hashed}.gz`), gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
  }
  manifest[name] = hashed;
  return hashed;
}

async function fonts() {
  const directory = dirname(require.resolve("@fontsource-variable/source-sans-3/package.json"));
  return put("source-sans-3.woff2",
    await readFile(join(directory, "files", "source-sans-3-latin-wght-normal.woff2")));
}

async function styles(font) {
  const { css } = compile(join(here, "src", "styles", "site.scss"), {
    loadPaths: [join(here, "node_modules")],
    style: "compressed",
    charset: false,
    quietDeps: true,
    silenceDeprecations: ["import"],
  });
  await put("site.css", Buffer.from(css.replaceAll("source-sans-3.woff2", font)));
}

// One script for every page; modules for single pages, which that script loads where a page asks for them.
async function scripts() {
  await put("site.js", await bundle("site.ts", "iife"));
  await put("own-data.js", await bundle("own-data.ts", "esm"));
  await put("parts.js", await bundle(join("upload", "parts.ts"), "esm"));
  await put("annotate.js", await bundle("annotate.ts", "esm"));
  await put("variants.js", await bundle(join("variants", "mount.ts"), "esm"));
  await put("igv.js", await readFile(join(dirname(require.resolve("igv/package.json")), "dist", "igv.esm.min.js")));
}

async function bundle(entry, format) {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", "scripts", entry)],
    bundle: true,
    minify: true,
    write: false,
    format,
    target: "es2022",
    legalComments: "none",
  });
  return Buffer.from(outputFiles[0].contents);
}

// Icons are inlined into the pages, so only what is inside each <svg> is kept.
async function icons() {
  const names = JSON.parse(await readFile(join(here, "src", "icons.json"), "utf8"));
  const directory = join(dirname(require.resolve("bootstrap-icons/package.json")), "icons");
  const drawings = {};
  for (const name of names) {
    const svg = await readFile(join(directory, `${name}.svg`), "utf8");
    drawings[name] = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
  }
  await writeFile(join(target, "icons.json"), JSON.stringify(drawings, null, 1));
}

// The bundled references: for the genome view, small enough to be served without an index, with all names of their
// sequence; their sample files; and what the site needs to draw the variants of one along its sequence.
async function bundledReferences() {
  const { bundled } = JSON.parse(await readFile(join(here, "src", "generated", "rules.json"), "utf8"));
  for (const { reference, names } of bundled) {
    const directory = join(here, "..", "reference", reference);
    const { fasta, models } = JSON.parse(await readFile(join(directory, "manifest.json"), "utf8"));
    const plain = async (name) => {
      const bytes = await readFile(join(directory, name));
      return name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
    };
    await put(`${reference}.fa`, await plain(fasta));
    await put(`${reference}.gff3`, await plain(models));
    await put(`${reference}.names.txt`, Buffer.from(`${names.join("\t")}\n`));
    await put(`${reference}.sample.vcf`, await readFile(join(directory, "sample.vcf")));
  }
  await writeFile(join(target, "bundled.json"), JSON.stringify(bundled, null, 1));
}

// The notices that the licences of the bundled packages require.
async function licences() {
  const { dependencies } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
  const texts = [];
  for (const name of Object.keys(dependencies).sort()) {
    const directory = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
    const file = (await readdir(directory)).find((entry) => /^licen[cs]e/i.test(entry));
    texts.push(`${name} ${version} (${license})\n\n${(await readFile(join(directory, file), "utf8")).trim()}\n`);
  }
  await put("licences.txt", Buffer.from(`GAS's pages are built with these works.\n\n${texts.join(`\n${"-".repeat(72)}\n\n`)}`));
}

// The page for readers of results is generated from the project's documentation, so that the two cannot differ: a guide
// written for them, and the sections of the engine's reference on records and files that are not annotated.
const GUIDE = "understanding-results.md";
const MESSAGES = ["Records that are kept without consequences", "Files that are refused"];

async function documentation() {
  const read = async (name) => readFile(join(here, "..", "docs", name), "utf8");
  const guide = await read(GUIDE);
  const reference = (await read("annotation.md")).split(/^(?=## )/m);
  const messages = reference.filter((section) => MESSAGES.some((title) => section.startsWith(`## ${title}\n`)));
  if (messages.length !== MESSAGES.length) throw new Error(`docs/annotation.md lacks one of: ${MESSAGES.join(", ")}`);
  const text = guide.slice(guide.indexOf("\n## ")) + messages.join("");
  const sections = [];
  const tables = [];
  let under = "";
  const anchor = (title) => title.toLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, "").trim().replace(/\s+/g, "-");
  const anchors = new Set([...text.matchAll(/^##+ (.+)$/gm)].map(([, title]) => anchor(title)));
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: title }) {
        under = title.replaceAll("`", "");
        if (depth === 2) sections.push({ id: anchor(title), title: under });
        return `<h${depth} id="${anchor(title)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      table(token) {
        const row = (cells, tag) => `<tr>${cells.map((cell) =>
          `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag.split(" ")[0]}>`).join("")}</tr>`;
        const number = tables.filter((other) => other === under).length + 1;
        tables.push(under);
        const label = `${under.replaceAll('"', "")}: table${number > 1 ? ` ${number}` : ""}`;
        return `<div class="table-wrap" role="region" aria-label="${label}" `
          + `tabindex="0"><table class="table"><thead>${row(token.header, 'th scope="col"')}</thead><tbody>`
          + `${token.rows.map((cells) => row(cells, "td")).join("")}</tbody></table></div>\n`;
      },
      code({ text: code }) {
        const safe = code.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
        return `<pre class="offending" tabindex="0">${safe}</pre>\n`;
      },
      html: () => "",
      image: () => "",
      link({ href, tokens }) {
        const inside = this.parser.parseInline(tokens);
        // Other pages and sections are for operators.
        return /^https?:/.test(href) || anchors.has(href.slice(1)) ? `<a href="${href}">${inside}</a>` : inside;
      },
    },
  });
  const page = { html: marked.parse(text), sections };
  await writeFile(join(target, "documentation.json"), JSON.stringify({ annotation: page }, null, 1));
}

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await styles(await fonts());
await scripts();
await icons();
await licences();
await documentation();
await put("card.png", await readFile(join(here, "src", "card.png")));
await put("touch-icon.png", await readFile(join(here, "src", "touch-icon.png")));
await bundledReferences();
await put("favicon.svg", await readFile(join(here, "src", "favicon.svg")));
await writeFile(join(target, "manifest.json"), JSON.stringify(manifest, null, 1));
