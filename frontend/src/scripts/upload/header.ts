import { columns as FIXED, genomes, limits } from "../../generated/rules.json";
import rules, { anywhere, asWhole, atStart, everywhere } from "../rules";
import { isBlank, stripped, words } from "./binary-text";
import { RECORD } from "./file-type";
import { InputError, quote, valueInMessage } from "./input-error";
import type { Line } from "./lines";

const COLUMN_LINE = atStart(rules.patterns.columnLine);
const VERSION = atStart(rules.patterns.version);
const MISSPELT_VERSION = asWhole(rules.patterns.misspeltVersion);
const CONTIG_ID = anywhere(rules.patterns.contigId);
const CONTIG_LENGTH = anywhere(rules.patterns.contigLength);
const ASSEMBLY = anywhere(genomes.assembly);
const WORD = everywhere(genomes.word);
const BUILD_NAMES = new Set(Object.values(genomes.builds).flatMap(({ names }) => names));

/** The version of VCF that ##fileformat names, such as "4.2". */
function versionOf(text: string, line: number): string {
  const value = text.includes("=") ? stripped(text.slice(text.indexOf("=") + 1)) : "";
  const known = VERSION.exec(value)?.[1];
  if (known !== undefined && Number(known) <= limits.minorVersion) return `4.${Number(known)}`;
  const said = quote(value, limits.value);
  const meant = value.length <= limits.versionText ? MISSPELT_VERSION.exec(value)?.[1] : undefined;
  if (meant !== undefined && known === undefined) {
    throw new InputError("version_misspelt", { line, text }, { said, meant: `VCFv4.${meant}` });
  }
  throw new InputError("version_unsupported", { line, text }, { said: said || "of no version" });
}

/** The lines of a file up to and including #CHROM, checked as the annotator does. */
export class Header {
  version = "4.2";
  samples = 0;
  /** Numbers of tabs that a record may have. */
  tabs = [FIXED.length - 1];
  /** Lengths in bases by contig name, null where the header gives none. */
  readonly contigs = new Map<string, number | null>();
  /** Names of genome builds that occur in ##reference, ##assembly and the like. */
  readonly buildNames = new Set<string>();
  private bytes = 0;

  /** Takes the next line; returns true once it was the #CHROM line. */
  take({ text, number }: Line): boolean {
    this.bytes += text.length + 1;
    if (this.bytes > limits.header) throw new InputError("header_bytes", { line: number }, { limit: limits.header });
    if (number > limits.headerLines) throw new InputError("header_lines", { line: number }, { limit: limits.headerLines });
    if (text.startsWith("##")) {
      this.takeMeta(text, number);
      return false;
    }
    if (COLUMN_LINE.test(text)) {
      this.takeColumns(text, number);
      return true;
    }
    if (isBlank(text) || text.startsWith("#")) return false;
    if (RECORD.test(text)) throw new InputError("record_before_columns", { line: number, text });
    throw number === 1 ? new InputError("first_line_not_header", { line: number, text })
      : new InputError("line_not_header", { line: number, text }, { before: number - 1 });
  }

  private takeMeta(text: string, number: number): void {
    if (text.startsWith("##fileformat")) this.version = versionOf(text, number);
    if (text.startsWith("##contig=")) {
      const name = CONTIG_ID.exec(text)?.[1];
      const length = Number(CONTIG_LENGTH.exec(text)?.[1] ?? Number.NaN);
      if (name !== undefined && name.length <= limits.contigName) {
        this.contigs.set(name, length <= limits.contigLength ? length : null);
      }
    }
    const lower = text.toLowerCase();
    if (!genomes.naming.some((start) => lower.startsWith(start))) return;
    const naming = text.startsWith("##contig") ? ASSEMBLY.exec(text)?.[1]?.toLowerCase() ?? "" : lower;
    for (const [word] of naming.matchAll(WORD)) this.noteBuildNames(word);
  }

  /** A word may be a build's name, have one between dots, or be a file named after one: "grch38.fa.gz". */
  private noteBuildNames(word: string): void {
    const parts = word.split(".");
    const withoutEndings = parts.map((_, end) => parts.slice(0, end + 1).join("."));
    for (const name of [word, ...word.split(/[._-]/), ...withoutEndings]) {
      if (BUILD_NAMES.has(name)) this.buildNames.add(name);
    }
  }

  private takeColumns(text: string, line: number): void {
    const columns = text.split("\t");
    if (columns.length === 1 && words(text).length >= FIXED.length) {
      throw new InputError("blanks_between_columns", { line, text });
    }
    const wanted = columns.length === FIXED.length ? FIXED : [...FIXED, "FORMAT"];
    wanted.forEach((name, at) => {
      const found = columns[at];
      if (found === name) return;
      throw new InputError("wrong_column", { line, column: at + 1, field: name.replace(/^#/, ""), text },
        { found: found === undefined ? "nothing" : valueInMessage(found), wanted: name });
    });
    const seen = new Set<string>();
    columns.slice(FIXED.length + 1).forEach((sample, at) => {
      const place = { line, column: FIXED.length + 2 + at, text: sample };
      if (sample === "") throw new InputError("sample_without_name", place);
      if (seen.has(sample)) throw new InputError("sample_twice", place, { sample: valueInMessage(sample) });
      seen.add(sample);
    });
    this.samples = seen.size;
    // Where there is a FORMAT column and no sample, some programs write records with FORMAT and some without it.
    this.tabs = columns.length === FIXED.length + 1 ? [FIXED.length - 1, FIXED.length] : [columns.length - 1];
  }
}
