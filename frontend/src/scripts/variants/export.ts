import { inOrder, type Column } from "./columns";
import type { VariantFile } from "./file";
import type { Selection } from "./selection";
import type { Value } from "./values";

const FIXED = ["chrom", "pos", "id", "ref", "alt", "qual", "filter"];

/** A file format: its first lines, and a line for each row. */
interface Format {
  head(): string;
  line(cell: (column: string) => Value): string;
}

/** Comma-separated values (RFC 4180) of every column. */
export function csv(file: VariantFile): Format {
  const names = inOrder(file.columns).map(({ name }) => name);
  return {
    head: () => `${names.map(quoted).join(",")}\r\n`,
    line: (cell) => `${names.map((name) => quoted(cell(name))).join(",")}\r\n`,
  };
}

/** A VCF file without samples: one record for each alternate allele, with the columns of the table in INFO. */
export function vcf(file: VariantFile, columns: Column[], contigs: string[], filters: string[]): Format {
  const infos = columns.filter(({ name }) => !FIXED.includes(name));
  const key = ({ name, layer }: Column): string => (layer ? name : name.toUpperCase());
  const type = (column: Column): string => (column.name === "known" ? "Flag" : !column.numeric ? "String"
    : column.name === "protein_position" ? "Integer" : "Float");
  return {
    head: () => [
      "##fileformat=VCFv4.2", "##source=GAS", ...(file.reference === "" ? [] : [`##reference=${file.reference}`]),
      ...contigs.map((name) => `##contig=<ID=${name}>`),
      ...filters.filter((name) => name !== "PASS").map((name) => `##FILTER=<ID=${name},Description="As in the annotated file">`),
      ...infos.map((column) => `##INFO=<ID=${key(column)},Number=${column.name === "known" ? 0 : 1},Type=${type(column)},`
        + `Description="${(column.about || column.title).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}">`),
      "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", ""].join("\n"),
    line: (cell) => {
      const info: string[] = [];
      for (const column of infos) {
        const value = cell(column.name);
        if (value === null || value === false || value === "") continue;
        info.push(value === true ? key(column) : `${key(column)}=${escaped(String(value))}`);
      }
      return `${[...FIXED.map((name) => cell(name) ?? "."), info.join(";") || "."].join("\t")}\n`;
    },
  };
}

/**
 * Writes rows in the order of the selection, reading one row group of the file at a time.
 *
 * @param progress - called with the share of rows that are written, 0 to 1
 */
export async function write(file: VariantFile, rows: Selection, format: Format, signal: AbortSignal,
  progress: (share: number) => void): Promise<Blob> {
  const columns = file.columns.map(({ name }) => name);
  const places = new Map<number, number[]>();
  for (let place = 0; place < rows.length; place += 1) {
    const group = file.groupOf(rows.row(place));
    const known = places.get(group);
    if (known === undefined) places.set(group, [place]);
    else known.push(place);
  }
  const lines = new Array<string>(rows.length);
  let done = 0;
  for (const [index, group] of [...places].sort(([a], [b]) => a - b)) {
    const chunks = await file.readGroup(index, columns, signal);
    signal.throwIfAborted();
    const values = new Map([...chunks].map(([column, chunk]) => [column, chunk.all()]));
    const start = file.groups[index]?.start ?? 0;
    for (const place of group) {
      const row = rows.row(place) - start;
      lines[place] = format.line((column) => withoutNoise(values.get(column)?.[row] ?? null));
    }
    done += group.length;
    progress(done / rows.length);
    await new Promise((resolve) => { setTimeout(resolve, 0); });
  }
  return new Blob([format.head(), ...joined(lines)], { type: "text/plain;charset=utf-8" });
}

/** Fewer and longer strings: a Blob of a million parts is slow to build. */
function joined(lines: string[]): string[] {
  const parts: string[] = [];
  for (let i = 0; i < lines.length; i += 10_000) parts.push(lines.slice(i, i + 10_000).join(""));
  return parts;
}

/** Single precision has seven significant digits; the rest is noise of the conversion. */
function withoutNoise(value: Value): Value {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value;
}

/**
 * A field of CSV. A text that a spreadsheet would take for a formula, or for a date as the exon "2/9", gets an apostrophe in
 * front, which marks it as text (OWASP, "CSV Injection").
 */
function quoted(value: Value): string {
  const formula = typeof value === "string" && /^[=@\t\r]|^[+-].|^\d+[/-]\d+$/.test(value);
  const text = value === null ? "" : `${formula ? "'" : ""}${String(value)}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A value of INFO, with percent-encoding for what separates its parts (VCF 4.3, section 1.2). */
function escaped(text: string): string {
  return text.replace(/[%;=,\s]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
