import type { Header } from "./header";
import { occurrences } from "./looks";
import type { Line } from "./lines";
import { Fault, count, decoded, named } from "./words";

const FIELDS = ["#CHROM", "POS", "ID", "REF", "ALT"];
const LARGEST_POSITION = 2 ** 31 - 1;
const NAME = "[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*";
/** Names of contigs; in angle brackets those of an assembly file. */
const CONTIG = new RegExp(`^(?:${NAME}|<${NAME}>)$`);
/** Breakends at a base before the first or behind the last of a contig; REF is a dot then. */
const TELOMERE = /^(?:\.[[\]][^[\],\s]+[[\]]|[[\]][^[\],\s]+[[\]]\.)$/;
const POSITION = /^(?:0|[1-9][0-9]{0,9})$/;
const IUPAC = /^[ACGTUNRYSWKMBDHV]+$/i;
const PLAIN_LIST = /^[ACGT]+(?:,[ACGT]+)*$/;
const ALLELE = new RegExp([
  "\\.", "\\*", "<[^<>,\\s]+>", "[ACGTUNRYSWKMBDHV]+", "[ACGTN]+[[\\]][^[\\],\\s]+[[\\]]",
  "[[\\]][^[\\],\\s]+[[\\]][ACGTN]+", "\\.[ACGTN]+", "[ACGTN]+\\.",
].map((form) => `^${form}$`).join("|"), "i");

/** Checks one record as the annotator does, as far as that needs no reference; the first fault is thrown. */
export class Records {
  /** Contigs in order of appearance. */
  readonly contigs = new Set<string>();
  count = 0;

  constructor(private readonly header: Header) {}

  take({ text, number, last }: Line): void {
    if (text.trim() === "") return;
    if (!this.header.tabs.includes(occurrences(text, "\t"))) throw this.wrongColumns(text, number, last);
    const fields = text.split("\t", 8);
    const [chrom = "", position = "", , ref = "", alt = "", , , info = ""] = fields;
    if (!this.contigs.has(chrom)) this.note(chrom, text, number, last);
    if (!POSITION.test(position) || Number(position) > LARGEST_POSITION) {
      throw bad("bad_position", "is not a position", 1, position, number);
    }
    const telomere = ref === "." && alt.split(",").every((allele) => TELOMERE.test(allele));
    if (!telomere && !IUPAC.test(ref)) throw bad("bad_ref", "is not a sequence of bases", 3, ref, number);
    const end = /(?:^|;)END=(\d+)(?=;|$)/.exec(info)?.[1];
    if (end !== undefined && Number(end) > LARGEST_POSITION) {
      throw new Fault("bad_end", `END is ${count(Number(end))}, beyond every contig.`,
        { line: number, column: 8, field: "INFO", text: info });
    }
    if (!PLAIN_LIST.test(alt) && alt !== "") {
      const wrong = alt.split(",").find((allele) => !ALLELE.test(allele) && !TELOMERE.test(allele));
      if (wrong !== undefined) throw bad("bad_alt", "is not an allele", 4, wrong, number);
    }
    this.count += 1;
  }

  private note(chrom: string, text: string, number: number, last: boolean): void {
    if (chrom.startsWith("#")) throw this.wrongColumns(text, number, last);
    if (!CONTIG.test(chrom) || chrom === ".") {
      throw new Fault("bad_contig", chrom === "" ? "CHROM is empty." : `CHROM ${named(chrom)} is not a contig name.`,
        { line: number, column: 1, field: "CHROM", text: chrom });
    }
    this.contigs.add(chrom);
  }

  private wrongColumns(text: string, number: number, last: boolean): Fault {
    if (text.startsWith("#")) {
      return new Fault("header_in_body", "A header line comes after the records.", { line: number, text });
    }
    const found = occurrences(text, "\t") + 1;
    let message = `The record has ${found} columns; the #CHROM line has ${(this.header.tabs.at(-1) ?? 0) + 1}.`;
    let hint: string | undefined;
    if (found === 1 && text.trim().split(/\s+/).length >= 8) {
      hint = "The columns are separated by blanks: replace them by tabs.";
    } else if (last) {
      message += " It is the last line and has no line end: the file looks cut off.";
      hint = "Copy the file again.";
    }
    return new Fault("wrong_column_count", message, { line: number, text, ...(hint === undefined ? {} : { hint }) });
  }
}

function bad(code: "bad_position" | "bad_ref" | "bad_alt", what: string, at: number, value: string,
  number: number): Fault {
  const field = FIELDS[at] ?? "";
  return new Fault(code, `${field} ${named(value.length > 40 ? [...decoded(value)].slice(0, 40).join("") : value)} ${what}.`,
    { line: number, column: at + 1, field, text: value });
}
