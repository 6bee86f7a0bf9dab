import texts from "./input-errors.json";

interface Look {
  name: string;
  hint: string | null;
}

const PATTERNS = texts.patterns.map(({ pattern, anyCase, ...look }) => ({
  pattern: new RegExp(`^(?:${pattern})`, anyCase ? "i" : ""), look,
}));

/** A record of VCF, or its first columns. */
export const RECORD = new RegExp(`^(?:${texts.record})`);

/** Names the format of a file that cannot be VCF, from its first bytes (uncompressed, one a character), or null. */
export function whatItLooksLike(start: string): Look | null {
  if (start.startsWith("PK\x03\x04")) {
    return ["[Content_Types].xml", "xl/", "word/"].some((part) => start.includes(part)) ? texts.office : texts.zip;
  }
  const magic = texts.starts.find(({ bytes }) => start.startsWith(bytes));
  if (magic === undefined && RECORD.test(start)) return null; // the header is missing: its own checks say so
  const known = magic ?? PATTERNS.find(({ pattern }) => pattern.test(start))?.look;
  if (known !== undefined) return known;
  if (start.startsWith("##") || start.startsWith("#CHROM")) return null;
  const first = start.split("\n").find((line) => line.trim() !== "") ?? "";
  if (first.startsWith("#") || occurrences(first, "\t") >= 7) return null; // the header's own checks say it better
  const begin = start.slice(0, 4096);
  // eslint-disable-next-line no-control-regex
  if ((begin.match(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g)?.length ?? 0) * 20 > begin.length) return texts.binary;
  if (occurrences(first, ",") >= 3 || occurrences(first, ";") >= 3) return texts.commas;
  return first.includes("\t") ? texts.tabs : texts.text;
}

/** How often one character comes in a text. */
export function occurrences(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found += 1;
  return found;
}
