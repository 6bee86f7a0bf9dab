/** A value of a cell, as the table of variants holds it. */
export type Value = string | number | boolean | null;

/** A value as the file's reader gave it: without big integers, percent-encoded text (INFO's way) in plain letters. */
export function plain(value: unknown): Value {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string") return value.includes("%") ? decoded(value) : value;
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a per cent sign that is one
  }
}
