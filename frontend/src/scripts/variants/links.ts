/** The site's answer: addresses from which a job's results can be read for `seconds`. */
interface Answer {
  seconds: number;
  variants: { url: string; size: number };
  results: { url: string };
  index: { url: string };
}

export type Kind = "variants" | "results" | "index";

/** Reading failed; the message is meant for the reader of the page. */
export class ReadingError extends Error {}

const MARGIN_SECONDS = 30;
/** Statuses with which the storage refuses an expired link. */
const REFUSED = [400, 401, 403];

/** The addresses of a job's results. They expire after minutes and are then renewed, as long as the reader has access. */
export class Links {
  private answer: Promise<Answer> | null = null;
  private validUntil = 0;

  /** @param address - where the site gives the links */
  constructor(private readonly address: string) {}

  /** Links that are still valid for a while. */
  current(): Promise<Answer> {
    if (this.answer === null || performance.now() > this.validUntil) {
      this.validUntil = Number.POSITIVE_INFINITY;
      this.answer = this.ask().catch((error: unknown) => {
        this.answer = null;
        throw error;
      });
    }
    return this.answer;
  }

  /** The current address of one file. */
  async url(kind: Kind): Promise<string> {
    return (await this.current())[kind].url;
  }

  /**
   * Bytes `start` (included) to `end` (excluded) of a file.
   *
   * @param signal - gives the request up; the promise is then rejected with its reason
   */
  async read(kind: Kind, start: number, end: number, signal?: AbortSignal): Promise<ArrayBuffer> {
    for (let attempt = 0; ; attempt += 1) {
      const response = await reach(await this.url(kind), { headers: { Range: `bytes=${start}-${end - 1}` }, signal: signal ?? null });
      if (response.status === 206) return response.arrayBuffer();
      if (response.status === 200) return (await response.arrayBuffer()).slice(start, end);
      if (attempt === 1 || !REFUSED.includes(response.status)) {
        throw new ReadingError(`The results could not be read (status ${response.status}).`);
      }
      this.answer = null; // the link has expired, for example while the computer was asleep
    }
  }

  private async ask(): Promise<Answer> {
    const response = await reach(this.address, { headers: { Accept: "application/json" } });
    if (response.status === 401) throw new ReadingError("You are no longer signed in. Reload the page to sign in.");
    if (!response.ok) throw new ReadingError("These results are no longer available. Reload the page for details.");
    const answer = await response.json() as Answer;
    this.validUntil = performance.now() + (answer.seconds - MARGIN_SECONDS) * 1000;
    return answer;
  }
}

async function reach(address: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { ...options, cache: "no-store", credentials: "same-origin" });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new ReadingError("The connection was lost.", { cause: error });
  }
}
