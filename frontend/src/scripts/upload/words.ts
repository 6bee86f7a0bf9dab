import texts from "./input-errors.json";

/** What is wrong with a file, where, and how to mend it: in the annotator's words. */
export interface Problem {
  message: string;
  hint: string;
  line?: number;
  column?: number;
  field?: string;
  text?: string;
  premiumHelps?: boolean;
}

type Code = keyof typeof texts.hints;
type Place = Pick<Problem, "line" | "column" | "field"> & { text?: string; hint?: string | null };

/** A file that cannot be annotated. Pieces of the file are binary strings: one character a byte. */
export class Fault extends Error {
  readonly problem: Problem;

  constructor(readonly code: Code, message: string, { text, hint, ...place }: Place = {}) {
    super(message);
    this.problem = { message, hint: hint ?? texts.hints[code], ...place };
    if (text !== undefined) this.problem.text = quote(text);
  }
}

/** Bytes, one a character, as the text that they are in UTF-8; what is no text becomes escapes. */
export function decoded(bytes: string): string {
  const parts: string[] = [];
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let at = 0;
  while (at < bytes.length) {
    const first = bytes.charCodeAt(at);
    const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    try {
      parts.push(strict.decode(Uint8Array.from(bytes.slice(at, at + length), (byte) => byte.charCodeAt(0))));
      at += length;
    } catch {
      parts.push(`\\x${first.toString(16).padStart(2, "0")}`);
      at += 1;
    }
  }
  return parts.join("");
}

/** A piece of the file as messages quote it: shortened, nothing unprintable. */
export function quote(bytes: string): string {
  const text = [...decoded(bytes.slice(0, texts.quoteLength + 1))].map((char) =>
    char === "\t" || !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(char)
      ? char
      : `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`);
  const whole = text.join("");
  const shown = [...whole];
  return shown.length <= texts.quoteLength ? whole : `${shown.slice(0, texts.quoteLength).join("")}…`;
}

/** A value in a sentence, within quotation marks, as the annotator writes it. */
export function named(bytes: string): string {
  const text = [...decoded(bytes)].slice(0, 40).join("").replaceAll("\\", "\\\\").replaceAll("\t", "\\t");
  return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", "\\'")}'`;
}

/** A whole number with its thousands separated: 1,141. */
export const count = (number: number): string => number.toLocaleString("en-US");
