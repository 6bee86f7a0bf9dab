const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** A number of bytes as people read it: "1 byte", "150 KB", "1.2 GB" (1 KB = 1,024 bytes, as everywhere in GAS). */
export function amount(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return Math.round(value) === 1 ? "1 byte" : `${Math.round(value)} bytes`;
  const digits = value < 10 && !Number.isInteger(Number(value.toFixed(1))) ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Seconds as people read them: "8 s", "3 min", "1 h 20 min". */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
