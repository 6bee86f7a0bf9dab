import type { Problem } from "./input-error";
import { storageProblem, type Limits } from "./problems";

/** The JSON of `GET /annotate`: where this one file may be posted, and with which fields. */
interface UploadForm {
  job_id: string;
  upload: { url: string; fields: Record<string, string> };
  file_field: string;
  waiting: string;
  /** Where a file with the user's own annotations may be posted, before the file itself. */
  layer: { url: string; fields: Record<string, string> };
}

/** What the user enters beside the file. */
export interface JobDetails {
  note: string;
  reference: string;
  /** "yes" to report consequences of insertions and deletions at the 3'-most position, "no" for left-aligned. */
  shift3prime: string;
  /** The user's own annotations, VCF or BED. */
  layer: File | null;
}

/** Signing in elsewhere keeps this page with everything that was chosen. */
export const SIGNED_OUT: Problem = {
  message: "Your session has expired.",
  hint: "Sign in again in a new tab, then come back to this page and press “Upload and annotate”: everything you selected is "
    + "still here.",
  signInHelps: true,
};

/** An upload that failed, with the reason in words for the user. */
export class UploadFailed extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/**
 * Uploads one file as a job of its own.
 *
 * @param formAddress - where GAS gives a new upload form: the one in the page may have expired or been used
 * @param onProgress - called with the bytes sent so far and with all bytes
 * @returns the address of the page that waits for the job
 */
export async function upload(formAddress: string, file: File, details: JobDetails, limits: Limits, signal: AbortSignal,
  onProgress: (loaded: number, total: number) => void): Promise<string> {
  const form = await newForm(formAddress, signal);
  if (details.layer !== null) await postLayer(form, details.layer, limits, signal);
  const body = new FormData();
  const entered: Record<string, string> = {
    // Headers hold ASCII only, and S3 keeps these fields as headers: see RFC 8187.
    "x-amz-meta-note": details.note === "" ? "" : `UTF-8''${encodeURIComponent(details.note)}`,
    "x-amz-meta-reference": details.reference,
    "x-amz-meta-shift-3prime": details.shift3prime,
  };
  for (const [name, value] of Object.entries(form.upload.fields)) {
    body.append(name, entered[name] || value.replace("${filename}", () => file.name));
  }
  body.append(form.file_field, file, file.name); // S3 ignores every field that comes after the file
  await post(form.upload.url, body, file.name, limits, signal, onProgress);
  return form.waiting.replace("%24%7Bfilename%7D", encodeURIComponent(file.name));
}

/**
 * Uploads the user's own annotations for a file that is uploaded next.
 *
 * @returns the id of the job that the file becomes
 */
export async function uploadLayer(formAddress: string, layer: File, limits: Limits, signal: AbortSignal): Promise<string> {
  const form = await newForm(formAddress, signal);
  await postLayer(form, layer, limits, signal);
  return form.job_id;
}

async function postLayer(form: UploadForm, layer: File, limits: Limits, signal: AbortSignal): Promise<void> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.layer.fields)) body.append(name, value);
  body.append(form.file_field, layer, layer.name);
  await post(form.layer.url, body, layer.name, limits, signal, () => undefined);
}

async function newForm(address: string, signal: AbortSignal): Promise<UploadForm> {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store", signal })
    .catch((error: unknown) => {
      throw signal.aborted ? stopped() : error;
    });
  if (answer.status === 401) throw new UploadFailed(SIGNED_OUT);
  if (!answer.ok) {
    const refusal = await answer.json().catch(() => ({})) as { detail?: string; hint?: string };
    throw new UploadFailed({ message: refusal.detail ?? "The upload was rejected.", hint: refusal.hint ?? "" });
  }
  return await answer.json() as UploadForm;
}

const stopped = (): UploadFailed => new UploadFailed({ message: "Upload cancelled.", hint: "Nothing was saved." });

function post(url: string, body: FormData, name: string, limits: Limits, signal: AbortSignal,
  onProgress: (loaded: number, total: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not report the progress of an upload
    const fail = (problem: Problem): void => reject(new UploadFailed(problem));
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded, total));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else fail(storageProblem(request.status, request.responseText, name, limits));
    });
    request.addEventListener("error", () => fail({
      message: "The connection was lost before the upload finished.",
      hint: "Nothing was saved. Check your connection and try again.",
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
