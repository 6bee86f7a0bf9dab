import { RECORD } from "./looks";
import type { Line } from "./lines";
import { Fault, named, quote } from "./words";

const FIXED = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"];

/** The version of VCF that ##fileformat names. */
function versionOf(text: string, number: number): string {
  const said = text.includes("=") ? text.slice(text.indexOf("=") + 1).trim() : "";
  const known = /^VCFv(4\.\d{1,3})(?!\S)/.exec(said)?.[1];
  if (known !== undefined) return known;
  const meant = /^VCF[ _-]*V?[ _.-]*4\.(\d{1,3})(?:\.\d{1,3})?$/i.exec(said)?.[1];
  if (meant !== undefined) {
    const right = `VCFv4.${meant}`;
    throw new Fault("vcf_version_misspelt", `The version is written '${quote(said)}' and should be '${right}'.`,
      { line: number, text, hint: `Write ##fileformat=${right}.` });
  }
  throw new Fault("vcf_version_unsupported",
    `The file says that it is ${quote(said) || "of no version"}; VCF 4.0 and later are read.`, { line: number, text });
}

/** What the lines up to #CHROM say. */
export class Header {
  version = "4.2";
  samples = 0;
  tabs = [7];
  /** Lengths in bases by contig name, null where the header gives none. */
  readonly contigs = new Map<string, number | null>();
  /** What ##reference and the contigs' assembly say, for a guess at the build. */
  readonly names: string[] = [];

  /** Takes one line; true once it was the #CHROM line. */
  take({ text, number }: Line): boolean {
    if (text.startsWith("##")) {
      this.meta(text, number);
      return false;
    }
    if (/^#CHROM(?![0-9A-Za-z_])/i.test(text)) {
      this.columns(text, number);
      return true;
    }
    if (text.trim() === "" || text.startsWith("#")) return false;
    if (RECORD.test(text)) {
      throw new Fault("missing_column_header", "A record comes before the #CHROM line.", { line: number, text });
    }
    throw new Fault("missing_column_header",
      "The line is neither a header line, which begins with ##, nor the #CHROM line.",
      { line: number, text,
        ...(number > 1 ? { hint: `Line ${number - 1} may have been broken in two: join the two lines.` } : {}) });
  }

  private meta(text: string, number: number): void {
    if (text.startsWith("##fileformat")) {
      this.version = versionOf(text, number);
    } else if (text.startsWith("##contig=")) {
      const name = /[<,]ID=([^,>]+)/.exec(text)?.[1];
      const length = /[<,]length=(\d+)/.exec(text)?.[1];
      if (name !== undefined) this.contigs.set(name, length === undefined ? null : Number(length));
      const assembly = /[<,]assembly="?([^,">]+)/.exec(text)?.[1];
      if (assembly !== undefined && !this.names.includes(assembly)) this.names.push(assembly);
    } else if (text.startsWith("##reference=") || text.startsWith("##assembly=")) {
      this.names.push(text.slice(text.indexOf("=") + 1).replace(/\/+$/, "").replace(/^.*\//, ""));
    }
  }

  private columns(text: string, number: number): void {
    const columns = text.split("\t");
    if (columns.length === 1 && text.trim().split(/\s+/).length >= FIXED.length) {
      throw new Fault("wrong_header_columns", "The #CHROM line is separated by blanks, not by tabs.", {
        line: number, text,
        hint: "Replace the blanks by tabs; copying a VCF from a terminal or a page turns tabs into blanks.",
      });
    }
    FIXED.forEach((name, at) => {
      const got = columns[at];
      if (got === name) return;
      const shown = got === undefined ? "'nothing'" : named(got);
      throw new Fault("wrong_header_columns", `Column ${at + 1} of the #CHROM line is ${shown} and should be '${name}'.`,
        { line: number, column: at + 1, field: name.replace("#", ""), text });
    });
    const format = columns[8];
    if (format !== undefined && format !== "FORMAT") {
      throw new Fault("wrong_header_columns", `Column 9 of the #CHROM line is ${named(format)} and should be 'FORMAT'.`,
        { line: number, column: 9, field: "FORMAT", text });
    }
    const seen = new Set<string>();
    columns.slice(9).forEach((sample, at) => {
      if (sample !== "" && !seen.has(sample)) {
        seen.add(sample);
        return;
      }
      throw sample === ""
        ? new Fault("wrong_header_columns", "A sample has no name.", { line: number, column: at + 10, text: sample })
        : new Fault("duplicate_sample", `Sample ${named(sample)} comes twice.`,
          { line: number, column: at + 10, text: sample });
    });
    this.samples = seen.size;
    // Where there is a FORMAT column and no sample, some programs write records with FORMAT and some without it.
    this.tabs = columns.length === 9 ? [7, 8] : [columns.length - 1];
  }
}
