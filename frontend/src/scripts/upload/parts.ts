import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { parts } from "../../generated/rules.json";
import { SIGNED_OUT, type JobDetails } from "./post";
import { removeSession, savedSession, saveSession, sessionName, type UploadSession } from "./upload-session";

/** GAS's answer: a link for one request to the storage, or the upload that has begun. */
interface Answer {
  url: string;
  key: string;
  upload_id: string;
  waiting: string;
}

export interface PartsUpload {
  /** Resolves to the address of the page that waits for the job. */
  readonly done: Promise<string>;
  pause(): void;
  resume(): void;
  /** Ends the upload for good; the parts that have arrived are deleted. */
  stop(): void;
}

/** Milliseconds between two attempts, at most. */
const LONGEST_WAIT = 30_000;
const MOST_ATTEMPTS = 40;

/** Bytes of a part of a file, counted from 1: all parts have the same size but the last. */
export const partLength = (fileSize: number, number: number, partSize: number): number =>
  Math.min(partSize, fileSize - (number - 1) * partSize);

/** Milliseconds to wait after a failed attempt, counted from 1. */
export const waitAfter = (attempt: number): number => Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(attempt, 5));

/**
 * Uploads a large file in parts. The upload can be paused, resumes on its own after the connection was lost, and resumes
 * with the missing parts when the same file is chosen again in a new tab.
 *
 * @param address - where GAS signs the requests to the storage
 * @param sendLayer - uploads the user's own annotations; resolves to the id of the job that the file becomes
 * @param onProgress - called with the bytes sent so far and with all bytes
 * @param onWait - called with a line for the user while the connection is lost
 * @param partSize - bytes of a part, at most those that GAS gives a link for
 */
export function uploadInParts(address: string, token: string, file: File, details: JobDetails,
  sendLayer: (layer: File) => Promise<string>, onProgress: (loaded: number, total: number) => void, onWait: (line: string) => void,
  partSize = parts.bytes): PartsUpload {
  const name = sessionName(file) + (details.layer === null ? "" : ` ${sessionName(details.layer)}`);
  let session = savedSession(name);
  let stopped = false;
  let paused = false;

  const post = (fields: Record<string, string>): Promise<Response> => fetch(address, {
    method: "POST", headers: { Accept: "application/json" }, cache: "no-store",
    body: new URLSearchParams({ csrf_token: token, ...fields }),
  });
  const ask = async (fields: Record<string, string>): Promise<Answer> => {
    let response = await post(fields);
    if (response.status === 403) { // the page's token is of an earlier session, if its user has signed in again since
      token = await tokenOfThisSession() ?? token;
      response = await post(fields);
    }
    if (response.status === 401) throw new Refusal(SIGNED_OUT.message, SIGNED_OUT.hint);
    const answer = await response.json().catch(() => ({})) as Answer & { detail?: string; hint?: string };
    if (!response.ok) throw new Refusal(answer.detail ?? "The upload was rejected.", answer.hint ?? "");
    return answer;
  };

  const link = async (fields: Record<string, string>): Promise<{ url: string }> => ({ url: (await ask(fields)).url });

  const uppy = new Uppy({ autoProceed: false, allowMultipleUploadBatches: true });
  uppy.use(AwsS3, {
    shouldUseMultipart: true,
    getChunkSize: () => partSize,
    signRequest: async (request) => {
      if ("partNumber" in request) {
        const { key, uploadId, partNumber } = request;
        const length = partLength(file.size, partNumber, partSize);
        return link({ request: "put", key, upload_id: uploadId, number: String(partNumber), length: String(length) });
      }
      if ("uploadId" in request) {
        const kind = { GET: "list", POST: "complete", DELETE: "abort" }[request.method];
        return link({ request: kind, key: request.key, upload_id: request.uploadId });
      }
      throw new Error("Uppy started an upload itself");
    },
  });
  const id = uppy.addFile({ name: file.name, type: "application/octet-stream", data: file });
  const begin = async (): Promise<UploadSession> => {
    const jobId = details.layer === null ? "" : await sendLayer(details.layer);
    const { key, upload_id: uploadId, waiting } = await ask({
      request: "begin", name: file.name, size: String(file.size), reference: details.reference,
      "shift-3prime": details.shift3prime, job_id: jobId,
      note: details.note === "" ? "" : `UTF-8''${encodeURIComponent(details.note)}`,
    });
    const begun = { key, uploadId, waiting, at: Date.now() };
    saveSession(name, begun);
    return begun;
  };

  uppy.on("upload-progress", (_, { bytesUploaded }) => {
    onProgress(typeof bytesUploaded === "number" ? bytesUploaded : 0, file.size);
  });

  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => { end = resolve; });
  const stoppedByUser = (): Refusal => new Refusal("Upload cancelled.", "Nothing was saved.");
  // Between two attempts Uppy has no request running through which it could abort the upload.
  const abort = async ({ key, uploadId }: UploadSession): Promise<void> => {
    const { url } = await link({ request: "abort", key, upload_id: uploadId });
    await fetch(url, { method: "DELETE" });
  };

  const run = async (): Promise<string> => {
    for (let attempt = 1; ; attempt += 1) {
      session ??= await begin();
      uppy.setFileState(id, { s3Multipart: { key: session.key, uploadId: session.uploadId } });
      const result = await (attempt === 1 ? uppy.upload() : uppy.retryUpload(id));
      if (stopped) throw stoppedByUser();
      if (!result?.failed?.length) break;
      const error = failure ?? new Error("the upload failed");
      failure = null;
      if (error instanceof Refusal) throw error;
      if (/NoSuchUpload|404/.test(error.message) && session !== null) { // the storage has dropped it
        session = null;
        removeSession(name);
        continue;
      }
      if (attempt >= MOST_ATTEMPTS) throw error;
      onWait("Connection lost. The upload will resume automatically.");
      await Promise.race([connection(waitAfter(attempt)), ended]);
      if (stopped) throw stoppedByUser();
    }
    removeSession(name);
    return session.waiting;
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
      removeSession(name);
      uppy.cancelAll();
      // Where this fails, the storage drops the parts within a day.
      if (session !== null) abort(session).catch((error: unknown) => console.info(error));
      end();
    },
  };
}

/** The token that a new copy of this page has; null without one. */
async function tokenOfThisSession(): Promise<string | null> {
  const page = await fetch(window.location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  const document = new DOMParser().parseFromString(await page.text(), "text/html");
  return document.querySelector<HTMLInputElement>("input[name=csrf_token]")?.value ?? null;
}

/** GAS refuses the upload; message and hint are meant for the user. */
export class Refusal extends Error {
  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

/** Resolves when the browser is online again, or after some milliseconds. */
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
