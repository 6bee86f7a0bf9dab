import { explain, type Limits } from "./problems";
import type { Problem } from "./words";

/** What `GET /annotate` answers to a script: where this one file may be posted, with which fields. */
interface UploadForm {
  job_id: string;
  upload: { url: string; fields: Record<string, string> };
  file_field: string;
  waiting: string;
}

/** What the user says of a file. */
export interface Told {
  note: string;
  reference: string;
}

/** An upload that did not come about, in the user's words. */
export class UploadFailed extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/**
 * Uploads one file as a job of its own.
 *
 * @param offer - our address that gives the permission: what is in the page may be old or used up
 * @param onProgress - told the bytes that have left, and all of them
 * @returns the address that waits for the job
 */
export async function upload(offer: string, file: File, told: Told, limits: Limits, signal: AbortSignal,
  onProgress: (loaded: number, total: number) => void): Promise<string> {
  const form = await freshForm(offer, signal);
  const body = new FormData();
  const said: Record<string, string> = {
    // Headers hold ASCII only, and S3 keeps these fields as headers: see RFC 8187.
    "x-amz-meta-note": told.note === "" ? "" : `UTF-8''${encodeURIComponent(told.note)}`,
    "x-amz-meta-reference": told.reference,
  };
  for (const [name, value] of Object.entries(form.upload.fields)) {
    body.append(name, said[name] || value.replace("${filename}", () => file.name));
  }
  body.append(form.file_field, file, file.name); // S3 passes over every field that comes after the file
  await post(form.upload.url, body, file.name, limits, signal, onProgress);
  return form.waiting.replace("%24%7Bfilename%7D", encodeURIComponent(file.name));
}

async function freshForm(offer: string, signal: AbortSignal): Promise<UploadForm> {
  const answer = await fetch(offer, { headers: { Accept: "application/json" }, cache: "no-store", signal })
    .catch((error: unknown) => {
      throw signal.aborted ? stopped() : error;
    });
  if (answer.status === 401) {
    window.location.reload();
    throw new UploadFailed({ message: "You were signed out meanwhile.", hint: "Sign in again to go on." });
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({})) as { detail?: string; hint?: string };
    throw new UploadFailed({ message: told.detail ?? "GAS refused the upload.", hint: told.hint ?? "" });
  }
  return await answer.json() as UploadForm;
}

const stopped = (): UploadFailed => new UploadFailed({ message: "You stopped the upload.", hint: "Nothing was kept." });

function post(url: string, body: FormData, name: string, limits: Limits, signal: AbortSignal,
  onProgress: (loaded: number, total: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells no progress of what is sent
    const fail = (problem: Problem): void => reject(new UploadFailed(problem));
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded, total));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else fail(explain(request.status, request.responseText, name, limits));
    });
    request.addEventListener("error", () => fail({
      message: "The connection broke before the whole file had arrived.",
      hint: "Nothing was kept. Check your connection and upload the file again.",
    }));
    request.addEventListener("abort", () => reject(stopped()));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    if (signal.aborted) {
      reject(stopped());
      return;
    }
    request.open("POST", url);
    request.send(body);
  });
}
