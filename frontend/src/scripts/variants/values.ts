/** The value of a cell in the table of variants. */
export type Value = string | number | boolean | null;

/** A value of the Parquet reader as the table uses it: big integers as numbers, percent-encoded text of INFO decoded. */
export function plain(value: unknown): Value {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string") return value.includes("%") ? decoded(value) : value;
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // the percent sign is meant literally
  }
}
