import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";

/** What our address answers: a link for one request to the storage, or the upload that has begun. */
interface Answer {
  url: string;
  key: string;
  upload_id: string;
  waiting: string;
}

export interface PartsUpload {
  /** Resolves to the address that waits for the job. */
  readonly done: Promise<string>;
  pause(): void;
  resume(): void;
  /** Ends it for good; what has arrived is thrown away. */
  stop(): void;
}

interface Begun {
  key: string;
  uploadId: string;
  waiting: string;
  at: number;
}

/** The storage forgets an upload that is not completed within a day. */
const FORGOTTEN_AFTER = 22 * 3600 * 1000;
/** Bytes of a part, but the last one: the largest that a link is given for. */
const PART = 16 << 20;
const LONGEST_WAIT = 30_000;
const MOST_TRIES = 40;

/**
 * Uploads a large file in parts: it may pause, and goes on by itself after a lost connection; chosen again in a new tab
 * it goes on with the part that was missing.
 */
export function uploadInParts(address: string, token: string, file: File, told: { note: string; reference: string },
  onProgress: (loaded: number, total: number) => void, onWait: (line: string) => void, part = PART): PartsUpload {
  const memory = `gas-upload:${file.name}:${file.size}:${file.lastModified}`;
  let begun = remembered(memory);
  let stopped = false;
  let paused = false;

  const ask = async (fields: Record<string, string>): Promise<Answer> => {
    const answer = await fetch(address, {
      method: "POST", headers: { Accept: "application/json" }, cache: "no-store",
      body: new URLSearchParams({ csrf_token: token, ...fields }),
    });
    const told = await answer.json().catch(() => ({})) as Answer & { detail?: string; hint?: string };
    if (!answer.ok) throw new Refused(told.detail ?? "GAS refused the upload.", told.hint ?? "");
    return told;
  };

  const link = async (fields: Record<string, string>): Promise<{ url: string }> => ({ url: (await ask(fields)).url });

  const uppy = new Uppy({ autoProceed: false, allowMultipleUploadBatches: true });
  uppy.use(AwsS3, {
    shouldUseMultipart: true,
    getChunkSize: () => part,
    signRequest: async (request) => {
      if ("partNumber" in request) {
        const { key, uploadId, partNumber } = request;
        const length = Math.min(part, file.size - (partNumber - 1) * part);
        return link({ request: "put", key, upload_id: uploadId, number: String(partNumber), length: String(length) });
      }
      if ("uploadId" in request) {
        const kind = { GET: "list", POST: "complete", DELETE: "abort" }[request.method];
        return link({ request: kind, key: request.key, upload_id: request.uploadId });
      }
      throw new Error("every upload has begun before Uppy knows of it");
    },
  });
  const id = uppy.addFile({ name: file.name, type: "application/octet-stream", data: file });
  const begin = async (): Promise<Begun> => {
    const { key, upload_id: uploadId, waiting } = await ask({
      request: "begin", name: file.name, size: String(file.size), reference: told.reference,
      note: told.note === "" ? "" : `UTF-8''${encodeURIComponent(told.note)}`,
    });
    const upload = { key, uploadId, waiting, at: Date.now() };
    remember(memory, upload);
    return upload;
  };

  uppy.on("upload-progress", (_, { bytesUploaded }) => {
    onProgress(typeof bytesUploaded === "number" ? bytesUploaded : 0, file.size);
  });

  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => { end = resolve; });
  const stoppedByUser = (): Refused => new Refused("You stopped the upload.", "Nothing was kept.");
  // Between two tries nothing of Uppy's is there to tell the storage that the upload is over.
  const throwAway = async ({ key, uploadId }: Begun): Promise<void> => {
    const { url } = await link({ request: "abort", key, upload_id: uploadId });
    await fetch(url, { method: "DELETE" });
  };

  const run = async (): Promise<string> => {
    for (let tries = 1; ; tries += 1) {
      begun ??= await begin();
      uppy.setFileState(id, { s3Multipart: { key: begun.key, uploadId: begun.uploadId } });
      const failed = tries === 1 ? (await uppy.upload())?.failed : [await retried(uppy, id)].filter((file) => file !== null);
      if (stopped) throw stoppedByUser();
      if (!failed?.length) break;
      const error = failure ?? new Error("the upload failed");
      failure = null;
      if (error instanceof Refused) throw error;
      if (/NoSuchUpload|404/.test(error.message) && begun !== null) { // it took longer than the storage waits
        begun = null;
        forget(memory);
        continue;
      }
      if (tries >= MOST_TRIES) throw error;
      onWait("The connection broke; it goes on by itself as soon as there is one again.");
      await Promise.race([connection(Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(tries, 5))), ended]);
      if (stopped) throw stoppedByUser();
    }
    forget(memory);
    return begun.waiting;
  };
  let failure: Error | null = null;
  uppy.on("upload-error", (_, error) => {
    failure = error instanceof Error ? error : new Error(String((error as { message?: string }).message));
  });

  return {
    done: run(),
    pause: () => {
      if (!paused) uppy.pauseResume(id);
      paused = true;
    },
    resume: () => {
      if (paused) uppy.pauseResume(id);
      paused = false;
    },
    stop: () => {
      stopped = true;
      forget(memory);
      uppy.cancelAll();
      if (begun !== null) throwAway(begun).catch((error: unknown) => console.info(error)); // it goes in a day by itself
      end();
    },
  };
}

/** A refusal of ours, in the user's words. */
export class Refused extends Error {
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

async function retried(uppy: Uppy, id: string): Promise<unknown> {
  const result = await uppy.retryUpload(id);
  return result?.failed?.length ? result.failed[0] : null;
}

function connection(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      window.clearTimeout(timer);
      window.removeEventListener("online", go);
      resolve();
    };
    const timer = window.setTimeout(go, milliseconds);
    window.addEventListener("online", go);
  });
}

function remembered(name: string): Begun | null {
  try {
    const begun = JSON.parse(localStorage.getItem(name) ?? "null") as Begun | null;
    return begun !== null && Date.now() - begun.at < FORGOTTEN_AFTER ? begun : null;
  } catch {
    return null; // a browser that keeps nothing, or nonsense in what it kept
  }
}

function remember(name: string, begun: Begun): void {
  try {
    localStorage.setItem(name, JSON.stringify(begun));
  } catch {
    console.info("this browser keeps nothing: a closed tab begins the upload anew");
  }
}

function forget(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    console.info("this browser keeps nothing");
  }
}
