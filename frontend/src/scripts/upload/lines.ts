import { whatItLooksLike } from "./looks";
import { Fault } from "./words";

// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f]/;
const BYTE_ORDER_MARK = "\xef\xbb\xbf";
const LONGEST_LINE = 64 << 20;

/** One line without its end; `last` is true for one that has none. */
export interface Line {
  text: string;
  number: number;
  last: boolean;
}

/** The lines of a text that comes in pieces of bytes; each line is a binary string, one character a byte. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let rest = "";
  let number = 0;
  let first = true;
  let held = "";
  for await (const bytes of chunks) {
    let chunk = held + latin(bytes);
    held = "";
    if (chunk.endsWith("\r")) { // never between the CR and the LF of one line end
      held = "\r";
      chunk = chunk.slice(0, -1);
    }
    if (first) chunk = start(chunk);
    first = false;
    if (CONTROL.test(chunk) || chunk.includes("\r")) inspect(chunk, number, held);
    const pieces = chunk.split("\n");
    pieces[0] = rest + (pieces[0] ?? "");
    rest = pieces.pop() ?? "";
    if (rest.length > LONGEST_LINE) {
      throw new Fault("line_too_long", `The line is longer than ${LONGEST_LINE.toLocaleString("en-US")} bytes.`,
        { line: number + 1, text: rest.slice(0, 200) });
    }
    yield pieces.map((text, at) => ({ text: withoutReturn(text), number: number + at + 1, last: false }));
    number += pieces.length;
  }
  if (first) throw new Fault("empty_file", "The file has no content.");
  if (rest !== "") yield [{ text: withoutReturn(rest), number: number + 1, last: true }];
}

const withoutReturn = (text: string): string => (text.endsWith("\r") ? text.slice(0, -1) : text);

function latin(bytes: Uint8Array): string {
  const parts: string[] = [];
  // Not TextDecoder: what it calls Latin-1 is windows-1252, which moves some bytes elsewhere.
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return parts.join("");
}

function start(chunk: string): string {
  const text = chunk.startsWith(BYTE_ORDER_MARK) ? chunk.slice(BYTE_ORDER_MARK.length) : chunk;
  if (text.trim() === "") throw new Fault("empty_file", "The file holds nothing but blank space.");
  const looks = whatItLooksLike(text);
  if (looks !== null) {
    throw new Fault("not_vcf", `This is not a VCF file: it looks like ${looks.name}.`,
      { line: 1, text: text.slice(0, 400).split("\n")[0] ?? "", hint: looks.hint });
  }
  return text;
}

function inspect(chunk: string, before: number, held: string): void {
  const lineOf = (at: number): number => before + chunk.slice(0, at).split("\n").length;
  const control = CONTROL.exec(chunk);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).padStart(2, "0");
    throw new Fault("binary_data", `The line has a byte that is not text (0x${code}).`, {
      line: lineOf(control.index), text: chunk.slice(Math.max(0, control.index - 20), control.index + 20),
    });
  }
  if (!chunk.includes("\n") && (chunk + held).split("\r").length > 2) {
    throw new Fault("old_mac_line_ends", "Lines end with CR alone, as on old Macintosh computers.");
  }
  const stray = /\r(?!\n|$)/.exec(chunk);
  if (stray !== null) {
    throw new Fault("binary_data", "The line has a carriage return (CR) in its middle.", { line: lineOf(stray.index) });
  }
}
