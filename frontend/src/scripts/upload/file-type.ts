import { formats } from "../../generated/rules.json";
import rules, { atStart, everywhere } from "../rules";
import { isBlank, occurrences } from "./binary-text";

/** A kind of file, named for a message, and what to do about it. */
interface FileType {
  name: string;
  hint: string | null;
}

/** A record of VCF, or its first columns. */
export const RECORD = atStart(rules.patterns.record);
const TEXT_FORMATS = formats.patterns.map(({ pattern, ...type }) => ({ pattern: atStart(pattern), type }));
const CONTROL = everywhere(rules.patterns.control);

/**
 * Names the format of a file that cannot be VCF.
 *
 * @param start - the first bytes of the file, uncompressed, in Latin-1
 * @returns null for what may be VCF: it starts with `##`, `#CHROM` or a record
 */
export function sniffFileType(start: string): FileType | null {
  if (start.startsWith("PK\x03\x04")) {
    return ["[Content_Types].xml", "xl/", "word/"].some((part) => start.includes(part)) ? formats.office : formats.zip;
  }
  const binary = formats.magic.find((format) => start.startsWith(format.start));
  if (binary !== undefined) return binary;
  if (RECORD.test(start)) return null; // the header is missing: its own checks say so
  const text = TEXT_FORMATS.find(({ pattern }) => pattern.test(start));
  if (text !== undefined) return text.type;
  if (start.startsWith("##") || start.startsWith("#CHROM")) return null;
  const firstLine = start.split("\n").find((line) => !isBlank(line)) ?? "";
  if (firstLine.startsWith("#") || occurrences(firstLine, "\t") >= 7) return null; // the header's own checks say it better
  const beginning = start.slice(0, 4096);
  if ((beginning.match(CONTROL)?.length ?? 0) * 20 > beginning.length) return formats.binary;
  if (occurrences(firstLine, ",") >= 3 || occurrences(firstLine, ";") >= 3) return formats.commas;
  return firstLine.includes("\t") ? formats.tabs : formats.text;
}
