/**
 * Bytes of a file as text in Latin-1, one character a byte: the checks are on bytes, and strings have the means for
 * them. What is blank is what Python's `bytes.strip` and `bytes.split` take for it, which is less than `trim` does.
 */
const BLANK = /^[ \t\n\r\f\v]*$/;

/** Bytes as text, one character a byte. TextDecoder is no help: its "latin1" is windows-1252, which moves some bytes. */
export function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return parts.join("");
}

export const isBlank = (text: string): boolean => BLANK.test(text);

/** Without blanks at both ends. */
export const stripped = (text: string): string => text.replace(/^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g, "");

/** The words between blanks. */
export const words = (text: string): string[] => text.split(/[ \t\n\r\f\v]+/).filter((word) => word !== "");

/** How often one character occurs in a text. */
export function occurrences(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) found += 1;
  return found;
}
