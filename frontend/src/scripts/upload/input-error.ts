import { findings, hints, limits } from "../../generated/rules.json";
import { fill } from "../rules";

/** What is wrong with a file, where, and how to correct it: in the annotator's words. */
export interface Problem {
  message: string;
  hint: string;
  /** Counted from 1, as is the column. */
  line?: number;
  column?: number;
  field?: string;
  /** The piece of the file that is wrong, shortened. */
  text?: string;
  premiumHelps?: boolean;
  signInHelps?: boolean;
}

export type Finding = keyof typeof findings;
type Place = Pick<Problem, "line" | "column" | "field"> & {
  /** In Latin-1, one character a byte. */
  text?: string;
  /** Another hint than that of the finding. */
  hint?: string | null;
};
type Values = Record<string, string | number>;

/** A file that cannot be annotated: one of the findings that the annotator has, too. */
export class InputError extends Error {
  readonly problem: Problem;
  readonly code: string;

  constructor(finding: Finding, { text, hint, ...place }: Place = {}, values: Values = {}) {
    const { code, message, hint: ownHint } = findings[finding] as { code: keyof typeof hints; message: string; hint: string | null };
    const filled = { column: place.column, ...values };
    super(fill(message, filled, repr));
    this.code = code;
    this.problem = {
      message: this.message, hint: hint ?? (ownHint === null ? hints[code] : fill(ownHint, filled, repr)), ...place,
    };
    if (text !== undefined) this.problem.text = quote(text);
  }
}

/** Bytes in Latin-1 as the UTF-8 text that they are; bytes that are none become escapes such as `\xff`. */
export function decodeUtf8(bytes: string): string {
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
      parts.push(`\\x${hex(first, 2)}`);
      at += 1;
    }
  }
  return parts.join("");
}

/** A piece of the file as messages quote it: shortened, with escapes for what cannot be printed. */
export function quote(bytes: string, length = limits.quoted): string {
  const characters = [...[...decodeUtf8(bytes.slice(0, length + 1))].map((character) =>
    character === "\t" || isPrintable(character) ? character : `\\x${hex(codePoint(character), 2)}`).join("")];
  return characters.length <= length ? characters.join("") : `${characters.slice(0, length).join("")}…`;
}

/** A value of the file for a message that has it between quotation marks. */
export const valueInMessage = (bytes: string): string =>
  [...decodeUtf8(bytes.slice(0, 4 * limits.value))].slice(0, limits.value).join("");

/** A text between quotation marks, as Python's `repr` writes it. */
export function repr(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const named: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", [mark]: `\\${mark}` };
  const inside = [...text].map((character) => {
    if (isPrintable(character)) return named[character] ?? character;
    const code = codePoint(character);
    return named[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`);
  });
  return `${mark}${inside.join("")}${mark}`;
}

const codePoint = (character: string): number => character.codePointAt(0) ?? 0;
const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, "0");
/** As Python's `str.isprintable`: neither control nor format characters, nor separators other than the space. */
const isPrintable = (character: string): boolean => !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(character);
