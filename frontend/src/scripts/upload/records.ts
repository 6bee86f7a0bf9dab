import { columns as FIXED, limits, noVariant } from "../../generated/rules.json";
import rules, { anywhere, asWhole } from "../rules";
import { isBlank, occurrences, words } from "./binary-text";
import type { Header } from "./header";
import { InputError, quote, valueInMessage, type Finding } from "./input-error";
import type { Line } from "./lines";

const CONTIG = asWhole(rules.patterns.contig);
const POSITION = asWhole(rules.patterns.position);
const IUPAC = asWhole(rules.patterns.iupac);
const PLAIN_LIST = asWhole(rules.patterns.plainList);
const TELOMERE = asWhole(rules.patterns.telomere);
const ALLELES = [IUPAC, asWhole(rules.patterns.symbolic), asWhole(rules.patterns.breakend), TELOMERE];
const END = anywhere(rules.patterns.end);
const NO_VARIANT = new Set(noVariant);

/** Checks records as the annotator does, as far as that needs no reference; the first fault is thrown. */
export class Records {
  /** The highest position (1-based) of each contig, in order of appearance. */
  readonly furthest = new Map<string, number>();
  count = 0;

  constructor(private readonly header: Header) {}

  take({ text, number: line, unterminated }: Line): void {
    if (isBlank(text)) return;
    if (!this.header.tabs.includes(occurrences(text, "\t"))) throw this.wrongColumns(text, line, unterminated);
    const [chrom = "", position = "", , ref = "", alt = "", , , info = ""] = text.split("\t", 8);
    const before = this.furthest.get(chrom);
    if (before === undefined) {
      if (chrom.startsWith("#")) throw this.wrongColumns(text, line, unterminated);
      checkContig(chrom, line);
    }
    if (!POSITION.test(position) || Number(position) > limits.position) throw wrong("bad_position", 1, position, line);
    this.furthest.set(chrom, Math.max(before ?? 0, Number(position)));
    const isTelomere = ref === "." && alt.split(",").every((allele) => TELOMERE.test(allele));
    if (!isTelomere && !IUPAC.test(ref)) throw wrong("bad_ref", 3, ref, line);
    checkEnd(info, line);
    checkAlternates(ref, alt, line);
    this.count += 1;
  }

  private wrongColumns(text: string, line: number, unterminated: boolean): InputError {
    if (text.startsWith("#")) return new InputError("header_among_records", { line, text });
    const found = occurrences(text, "\t") + 1;
    const finding: Finding = found === 1 && words(text).length >= FIXED.length ? "blanks_in_record"
      : unterminated ? "last_record_cut_off" : "column_count";
    return new InputError(finding, { line, text }, { found: `${found} column${found === 1 ? "" : "s"}`, wanted: (this.header.tabs.at(-1) ?? 0) + 1 });
  }
}

function checkContig(chrom: string, line: number): void {
  const place = { line, column: 1, field: "CHROM", text: chrom };
  if (chrom.length > limits.contigName) {
    throw new InputError("contig_name_too_long", place, { length: chrom.length, quoted: quote(chrom, limits.value) });
  }
  if (chrom === "") throw new InputError("no_contig", place);
  if (!CONTIG.test(chrom) || chrom === ".") throw new InputError("bad_contig", place, { value: valueInMessage(chrom) });
}

function checkEnd(info: string, line: number): void {
  const digits = info.includes("END=") ? /^[0-9]+$/.exec(END.exec(info)?.[1] ?? "")?.[0] : undefined;
  if (digits === undefined || Number(digits) <= limits.position) return;
  const significant = digits.replace(/^0+/, "");
  const tooLarge = significant.length > limits.number.length || BigInt(significant) > BigInt(limits.number);
  const end = tooLarge ? quote(digits, limits.endText) : BigInt(significant).toLocaleString("en");
  throw new InputError("end_too_large", { line, column: 8, field: "INFO", text: info }, { end });
}

function checkAlternates(ref: string, alt: string, line: number): void {
  if (PLAIN_LIST.test(alt) || alt === "") return;
  const alleles = alt.split(",");
  const bases = alt.length - alleles.length + 1;
  if (alleles.length > limits.alleles || bases > limits.altBases || ref.length * alleles.length > limits.refBases) {
    return; // the annotator keeps the record as it is
  }
  const bad = alleles.find((allele) => allele === "" || !(allele === "*" || NO_VARIANT.has(allele)
    || ALLELES.some((form) => form.test(allele))));
  if (bad !== undefined) throw wrong("bad_alt", 4, bad, line);
}

function wrong(finding: "bad_position" | "bad_ref" | "bad_alt", column: number, value: string, line: number): InputError {
  return new InputError(finding, { line, column: column + 1, field: FIXED[column] ?? "", text: value },
    { value: valueInMessage(value) });
}
