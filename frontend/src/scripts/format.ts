/** Numbers, sizes, durations and times as people read them. */
const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

const wholeNumber = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A count with its thousands separated: "1,141". */
export const formatCount = (number: number): string => wholeNumber.format(number);

/** A count and what is counted: "1 variant", "1,141 variants". */
export const formatCountOf = (number: number, noun: string): string =>
  `${formatCount(number)} ${noun}${number === 1 ? "" : "s"}`;

/** A number of bytes: "1 byte", "150 KB", "1.2 GB" (1 KB = 1,024 bytes, as everywhere in GAS). */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return formatCountOf(Math.round(value), "byte");
  return `${(value < 10 ? oneDecimal : wholeNumber).format(value)} ${UNITS[unit]}`;
}

/** A duration in seconds: "8 s", "3 min", "1 h 20 min". */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time in the reader's language and time zone. */
export const formatTime = (time: Date): string => dateTime.format(time);
