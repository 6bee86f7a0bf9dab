/** Bytes `start` (included) to `end` (excluded) of a file. */
export interface Span { start: number; end: number }

/** Fetches one range of a file. */
export type FetchRange = (start: number, end: number, signal?: AbortSignal) => Promise<ArrayBuffer>;

/** Bytes between two spans up to which one request for both takes less time than two. */
const NEAR = 32 * 1024;
/** Bytes of one request at most, unless a single span is longer. */
const LONGEST = 4 * 1024 * 1024;
/** Requests at the same time: browsers keep this many connections to a host. */
const AT_ONCE = 6;

/** Spans with their neighbours joined, in ascending order. */
export function joined(spans: Span[]): Span[] {
  const parts: Span[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = parts.at(-1);
    if (last !== undefined && start <= last.end + NEAR && (end <= last.end || end - last.start <= LONGEST)) last.end = Math.max(last.end, end);
    else parts.push({ start, end });
  }
  return parts;
}

/** Reads spans of a file: near ones in one request, a few requests at the same time. */
export class Ranges {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly fetchRange: FetchRange) {}

  /** The bytes of each span, in the order of the spans. */
  async read(spans: Span[], signal?: AbortSignal): Promise<Uint8Array[]> {
    const parts = await Promise.all(joined(spans).map(async ({ start, end }) => ({ start, end, bytes: await this.fetch(start, end, signal) })));
    return spans.map(({ start, end }) => {
      const part = parts.find((one) => one.start <= start && end <= one.end);
      if (part === undefined) throw new RangeError("a span was not fetched");
      return part.bytes.subarray(start - part.start, end - part.start);
    });
  }

  private async fetch(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    while (this.running >= AT_ONCE) await new Promise<void>((resolve) => { this.waiting.push(resolve); });
    this.running += 1;
    try {
      signal?.throwIfAborted();
      return new Uint8Array(await this.fetchRange(start, end, signal));
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}
