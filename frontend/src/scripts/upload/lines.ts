import { limits, byteOrderMark } from "../../generated/rules.json";
import rules, { anywhere } from "../rules";
import { isBlank, latin1, occurrences } from "./binary-text";
import { sniffFileType } from "./file-type";
import { InputError } from "./input-error";

const CONTROL = anywhere(rules.patterns.control);
const STRAY_RETURN = anywhere(rules.patterns.strayReturn);
/** Bytes of a line that is too long which the message quotes from. */
const START_OF_LINE = 200;

/** One line without its end. */
export interface Line {
  /** In Latin-1, one character a byte. */
  text: string;
  /** Counted from 1. */
  number: number;
  /** True for the last line of a file when it has no line end. */
  unterminated: boolean;
}

/** The lines of a text that arrives in pieces, checked for what no text file has. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let rest = "";
  let number = 0;
  for await (const chunk of chunksOf(pieces)) {
    if (CONTROL.test(chunk) || chunk.includes("\r")) checkCharacters(chunk, number);
    const lines = chunk.split("\n");
    lines[0] = rest + (lines[0] ?? "");
    for (const [at, line] of [[0, lines[0]], [lines.length - 1, lines.at(-1) ?? ""]] as const) {
      if (line.length > limits.line) {
        throw new InputError("line_too_long", { line: number + at + 1, text: line.slice(0, START_OF_LINE) },
          { limit: limits.line });
      }
    }
    rest = lines.pop() ?? "";
    yield lines.map((text, at) => ({ text: withoutReturn(text), number: number + at + 1, unterminated: false }));
    number += lines.length;
  }
  if (rest !== "") yield [{ text: withoutReturn(rest), number: number + 1, unterminated: true }];
}

/** The text in pieces that never part the CR from the LF of one line end; the first is large enough to tell the format. */
async function* chunksOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let waiting = "";
  let first = true;
  for await (const bytes of pieces) {
    waiting += latin1(bytes);
    if (waiting.endsWith("\r") || (first && waiting.length < limits.firstChunk)) continue;
    yield first ? checkedStart(waiting) : waiting;
    first = false;
    waiting = "";
  }
  if (first && waiting === "") throw new InputError("no_content");
  if (waiting !== "") yield first ? checkedStart(waiting) : waiting;
}

const withoutReturn = (text: string): string => (text.endsWith("\r") ? text.slice(0, -1) : text);

function checkedStart(chunk: string): string {
  const text = chunk.startsWith(byteOrderMark) ? chunk.slice(byteOrderMark.length) : chunk;
  const beginning = text.slice(0, limits.firstChunk);
  if (isBlank(beginning)) throw new InputError("blank");
  const type = sniffFileType(beginning);
  if (type !== null) {
    throw new InputError("other_format",
      { line: 1, text: text.slice(0, limits.firstLine).split("\n")[0] ?? "", hint: type.hint }, { format: type.name });
  }
  return text;
}

function checkCharacters(chunk: string, linesBefore: number): void {
  const lineOf = (at: number): number => linesBefore + 1 + occurrences(chunk.slice(0, at), "\n");
  const control = CONTROL.exec(chunk);
  if (control !== null) {
    const byte = control[0].charCodeAt(0).toString(16).padStart(2, "0");
    const around = chunk.slice(Math.max(0, control.index - 20), control.index + 20);
    throw new InputError("control_character", { line: lineOf(control.index), text: around }, { byte });
  }
  if (!chunk.includes("\n") && occurrences(chunk, "\r") > 1) throw new InputError("returns_only");
  const stray = STRAY_RETURN.exec(chunk);
  if (stray !== null) throw new InputError("stray_return", { line: lineOf(stray.index) });
}
