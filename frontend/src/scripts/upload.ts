import { announce } from "./announce";
import { amount, duration } from "./amounts";
import { explain, problemOf, type Limits, type Problem } from "./upload-problems";

/** What `GET /annotate` answers to a script: where this one file may be posted, with which fields. */
interface UploadForm {
  upload: { url: string; fields: Record<string, string> };
  file_field: string;
  waiting: string;
}

interface Parts {
  form: HTMLFormElement;
  zone: HTMLElement;
  input: HTMLInputElement;
  submit: HTMLButtonElement;
  cancel: HTMLButtonElement;
  problem: HTMLElement;
  progress: HTMLElement;
  bar: HTMLProgressElement;
  line: HTMLElement;
  limits: Limits;
}

/** Takes over the upload form: checks before a byte leaves, progress while it goes, plain words when it fails. */
export function takeUploads(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-upload]");
  if (form === null) return;
  const part = <T extends Element>(selector: string): T => {
    const element = form.querySelector<T>(selector);
    if (element === null) throw new Error(`the upload form has no ${selector}`);
    return element;
  };
  const parts: Parts = {
    form,
    zone: part(".dropzone"),
    input: part("input[type=file]"),
    submit: part("button[type=submit]"),
    cancel: part("[data-upload-cancel]"),
    problem: part("[data-upload-problem]"),
    progress: part("[data-upload-progress]"),
    bar: part("progress"),
    line: part("[data-upload-line]"),
    limits: {
      bytes: Number(form.dataset["limit"]),
      longestName: Number(form.dataset["longestName"]),
      extensions: (form.dataset["extensions"] ?? "").split(" "),
      premium: form.dataset["premium"] === "true",
      subscribe: form.dataset["subscribe"] ?? "",
    },
  };
  acceptDrops(parts);
  parts.input.addEventListener("change", () => showProblem(parts, checked(parts)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(parts);
  });
}

function acceptDrops({ zone, input }: Parts): void {
  const over = (event: DragEvent): void => {
    event.preventDefault();
    zone.classList.add("over");
  };
  zone.addEventListener("dragenter", over);
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer === null || event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change"));
    input.focus();
  });
}

function checked({ input, limits }: Parts): Problem | null {
  const file = input.files?.[0];
  if (file === undefined) return { message: "Choose a VCF file first.", hint: "" };
  return problemOf(file.name, file.size, limits);
}

function showProblem(parts: Parts, problem: Problem | null): void {
  parts.problem.hidden = problem === null;
  parts.input.setAttribute("aria-invalid", String(problem !== null));
  const [message, hint, link] = ["message", "hint", "link"].map((name) =>
    parts.problem.querySelector<HTMLElement>(`[data-problem-${name}]`));
  if (message) message.textContent = problem?.message ?? "";
  if (hint) hint.textContent = problem?.hint ?? "";
  if (link) link.hidden = problem?.premiumHelps !== true;
}

async function send(parts: Parts): Promise<void> {
  const file = parts.input.files?.[0];
  const problem = checked(parts);
  showProblem(parts, problem);
  if (problem !== null || file === undefined) {
    parts.input.focus();
    return;
  }
  busy(parts, true);
  try {
    const target = await freshForm(parts.form);
    await post(parts, target, file);
    window.removeEventListener("beforeunload", warn);
    parts.line.textContent = "Uploaded. Opening the annotation…";
    announce("Uploaded.");
    window.location.assign(target.waiting.replace("%24%7Bfilename%7D", encodeURIComponent(file.name)));
  } catch (failure) {
    busy(parts, false);
    showProblem(parts, failure instanceof UploadFailed ? failure.problem : {
      message: "The upload could not begin.",
      hint: "Check your connection and try again; your file is still chosen.",
    });
    parts.submit.focus();
  }
}

class UploadFailed extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

// The permission in the page may be old, or used up by a first attempt: each attempt gets its own.
async function freshForm(form: HTMLFormElement): Promise<UploadForm> {
  const answer = await fetch(form.dataset["upload"] ?? "", {
    headers: { Accept: "application/json" },
    cache: "no-store",
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

const warn = (event: BeforeUnloadEvent): void => event.preventDefault();

function busy(parts: Parts, on: boolean): void {
  parts.progress.hidden = !on;
  parts.cancel.hidden = !on;
  parts.submit.disabled = on;
  parts.input.disabled = on;
  parts.bar.removeAttribute("value");
  parts.line.textContent = on ? "Starting…" : "";
  if (on) window.addEventListener("beforeunload", warn);
  else window.removeEventListener("beforeunload", warn);
}

function post(parts: Parts, target: UploadForm, file: File): Promise<void> {
  const body = new FormData();
  for (const [name, value] of Object.entries(target.upload.fields)) {
    body.append(name, value.replace("${filename}", () => file.name));
  }
  body.append(target.file_field, file, file.name); // S3 passes over every field that comes after the file
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (problem: Problem): void => {
      parts.cancel.onclick = null;
      reject(new UploadFailed(problem));
    };
    request.upload.addEventListener("progress", progressTeller(parts));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else fail(explain(request.status, request.responseText, file.name, parts.limits));
    });
    request.addEventListener("error", () => fail({
      message: "The connection broke before the whole file had arrived.",
      hint: "Nothing was kept. Check your connection and upload the file again.",
    }));
    request.addEventListener("abort", () => fail({ message: "You stopped the upload.", hint: "Nothing was kept." }));
    parts.cancel.onclick = () => request.abort();
    request.open("POST", target.upload.url);
    request.send(body);
  });
}

function progressTeller({ bar, line }: Parts): (event: ProgressEvent) => void {
  const begun = performance.now();
  let quarter = 0;
  return ({ loaded, total }) => {
    if (total === 0) return;
    const seconds = (performance.now() - begun) / 1000;
    const speed = loaded / Math.max(seconds, 0.001);
    bar.max = total;
    bar.value = loaded;
    const left = seconds > 1 && loaded < total ? `, ${duration((total - loaded) / speed)} left` : "";
    line.textContent = `${amount(loaded)} of ${amount(total)} at ${amount(speed)}/s${left}`;
    const reached = Math.floor((4 * loaded) / total);
    if (reached > quarter) {
      quarter = reached;
      announce(`${reached * 25} % uploaded`);
    }
  };
}
