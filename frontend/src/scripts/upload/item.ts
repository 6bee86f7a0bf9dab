import { announce } from "../announce";
import { formatBytes, formatCount, formatCountOf } from "../format";
import { checkFile, type FileReport } from "./check-file";
import type { Problem } from "./input-error";
import { upload, UploadFailed, uploadLayer, type JobDetails } from "./post";
import { problemOf, type Limits } from "./problems";
import type { PartsUpload, uploadInParts } from "./parts";
import { UploadSpeed } from "./upload-speed";

type State = "checking" | "ready" | "refused" | "sending" | "sent" | "failed";

/** Bytes from which a file is uploaded in parts, where the plan allows it. */
export const IN_PARTS_FROM = 64 << 20;

/** Addresses of the module for uploads in parts and of what signs its requests, and the size from which it is used. */
export interface Parts {
  module: string;
  sign: string;
  from: number;
}

/** Milliseconds between two looks at an upload of which nothing is heard. */
const WATCH_MS = 2000;

const COMPRESSIONS = { plain: "not compressed", gzip: "gzip", bgzip: "bgzip", converted: "compressed" };

/** One chosen file and its line in the list: its checks, its upload, and what the line shows of both. */
export class Item {
  readonly element: HTMLLIElement;
  state: State = "checking";
  report: FileReport | null = null;
  waiting = "";
  /** Resolves once the file has been checked. */
  readonly checked: Promise<void>;
  private readonly stop = new AbortController();
  private sending: AbortController | null = null;
  private measured = false;

  constructor(readonly file: File, template: HTMLTemplateElement, private readonly limits: Limits,
    private readonly changed: () => void, removed: () => void) {
    const line = (template.content.cloneNode(true) as DocumentFragment).firstElementChild;
    if (!(line instanceof HTMLLIElement)) throw new Error("the template of a chosen file is no list item");
    this.element = line;
    line.dataset["state"] = this.state;
    this.part("[data-name]").textContent = file.name;
    this.part("[data-size]").textContent = formatBytes(file.size);
    const remove = this.part<HTMLButtonElement>("[data-remove]");
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", () => {
      this.stop.abort();
      removed();
    });
    const halt = this.part<HTMLButtonElement>("[data-stop]");
    halt.setAttribute("aria-label", `Cancel the upload of ${file.name}`);
    halt.addEventListener("click", () => this.sending?.abort());
    this.part("progress").setAttribute("aria-label", `Upload of ${file.name}`);
    this.checked = this.check();
  }

  /** Uploads the file. It never throws: afterwards the state is "sent" or "failed". */
  async send(formAddress: string, details: JobDetails, parts: Parts | null): Promise<void> {
    this.sending = new AbortController();
    this.setState("sending");
    const bar = this.part<HTMLProgressElement>("progress");
    const speed = new UploadSpeed();
    let quarters = 0;
    let sent: [number, number] = [0, 0];
    // Without a connection nothing reports progress, so the line has to say so.
    const watch = window.setInterval(() => { if (this.measured) this.showLine(speed.line(...sent), true); }, WATCH_MS);
    bar.removeAttribute("value");
    this.showLine(details.layer === null ? "Starting…" : "Sending your own annotations…");
    try {
      const send = parts !== null && this.file.size >= parts.from
        ? this.sendInParts(parts, formAddress, details, this.sending.signal, speed)
        : (progress: (loaded: number, total: number) => void) =>
          upload(formAddress, this.file, details, this.limits, this.sending?.signal ?? this.stop.signal, progress);
      this.waiting = await send((loaded, total) => {
        if (total === 0) return;
        bar.max = total;
        bar.value = Math.max(bar.value, loaded);
        sent = [loaded, total];
        if (loaded < total) this.showLine(speed.line(loaded, total), true);
        else this.showLine("Upload finished. Waiting for confirmation…");
        const reached = Math.floor((4 * loaded) / total);
        if (reached > quarters) announce(`${this.file.name}: ${reached * 25}% uploaded`);
        quarters = Math.max(quarters, reached);
      });
      this.showLine("Uploaded.");
      this.setState("sent");
    } catch (failure) {
      this.showLine("");
      this.showProblem(failure instanceof UploadFailed ? failure.problem : {
        message: "The upload could not start.",
        hint: "Check your connection and try again. Your file is still selected.",
      });
      this.setState("failed");
    } finally {
      window.clearInterval(watch);
    }
  }

  private sendInParts(parts: Parts, formAddress: string, details: JobDetails, signal: AbortSignal, speed: UploadSpeed) {
    return async (progress: (loaded: number, total: number) => void): Promise<string> => {
      const module = await import(parts.module) as { uploadInParts: typeof uploadInParts };
      const token = document.querySelector<HTMLInputElement>("input[name=csrf_token]")?.value ?? "";
      const running: PartsUpload = module.uploadInParts(parts.sign, token, this.file, details,
        (layer) => uploadLayer(formAddress, layer, this.limits, signal), progress,
        (line) => this.showLine(line), parts.from < IN_PARTS_FROM ? parts.from : undefined);
      const pause = this.part<HTMLButtonElement>("[data-pause]");
      let paused = false;
      const toggle = (): void => {
        paused = !paused;
        pause.textContent = paused ? "Resume" : "Pause";
        if (paused) running.pause();
        else running.resume();
        speed.restart();
        if (paused) this.showLine("Paused. You can close this page and resume within 24 hours by selecting the same file.");
      };
      pause.hidden = false;
      pause.addEventListener("click", toggle);
      signal.addEventListener("abort", () => running.stop(), { once: true });
      try {
        return await running.done;
      } catch (error) {
        throw error instanceof Error && "hint" in error
          ? new UploadFailed({ message: error.message, hint: String(error.hint) })
          : new UploadFailed({ message: "The connection was lost before the upload finished.",
            hint: "Your progress is saved for 24 hours. Select the same file again to resume." });
      } finally {
        pause.hidden = true;
        pause.removeEventListener("click", toggle);
      }
    };
  }

  /** Makes a file whose upload failed ready to be sent again. */
  retry(): void {
    if (this.state !== "failed") return;
    this.showProblem(null);
    this.setState("ready");
  }

  /** Moves to the file's line in the list, with the keyboard, too. */
  show(): void {
    this.element.scrollIntoView({ block: "center" });
    this.part("[data-remove]").focus({ preventScroll: true });
  }

  private async check(): Promise<void> {
    let problem = problemOf(this.file.name, this.file.size, this.limits);
    if (problem === null) {
      this.part("[data-facts]").textContent = "Checking the file…";
      try {
        this.report = await checkFile(this.file, this.stop.signal);
        problem = this.report.problem;
        this.part("[data-facts]").textContent = problem === null ? facts(this.report) : "";
      } catch (error) {
        if (this.stop.signal.aborted) return;
        problem = { message: "The file could not be read.", hint: "It may have been moved or changed. Select it again." };
        console.info(error);
      }
    }
    this.showProblem(problem);
    this.setState(problem === null ? "ready" : "refused");
  }

  private setState(state: State): void {
    this.state = state;
    this.element.dataset["state"] = state;
    this.part("[data-progress]").hidden = state !== "sending" && state !== "sent";
    this.part("progress").hidden = state !== "sending";
    this.part("[data-stop]").hidden = state !== "sending";
    this.part("[data-remove]").hidden = state === "sending" || state === "sent";
    this.changed();
  }

  private showProblem(problem: Problem | null): void {
    const box = this.part("[data-problem]");
    box.hidden = problem === null;
    this.part("[data-problem-message]").textContent = problem?.message ?? "";
    this.part("[data-problem-hint]").textContent = problem?.hint ?? "";
    this.part("[data-problem-link]").hidden = problem?.premiumHelps !== true;
    this.part("[data-problem-sign-in]").hidden = problem?.signInHelps !== true;
    const where = this.part("[data-problem-where]");
    where.textContent = problem?.line === undefined ? "" : `Line ${formatCount(problem.line)}`
      + (problem.column === undefined ? "" : `, column ${problem.column}`)
      + (problem.field === undefined ? "" : ` (${problem.field})`);
    where.hidden = where.textContent === "";
    const text = this.part("[data-problem-text]");
    text.textContent = problem?.text ?? "";
    text.hidden = text.textContent === "";
  }

  /** @param measured - whether the line has a speed, which changes while nothing is sent */
  private showLine(line: string, measured = false): void {
    this.measured = measured;
    this.part("[data-line]").textContent = line;
  }

  private part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const found = this.element.querySelector<T>(selector);
    if (found === null) throw new Error(`the line of a chosen file has no ${selector}`);
    return found;
  }
}

function facts(report: FileReport): string {
  if (!report.readable) return "Its content is checked during annotation";
  const records = formatCountOf(report.records, "record");
  return [
    `VCF ${report.version}`, COMPRESSIONS[report.compression], formatCountOf(report.samples, "sample"),
    report.complete ? records : `more than ${records} (first ones checked)`,
    ...(report.build === null ? [] : [`build: ${report.build} (detected)`]),
  ].join(" · ");
}
