import { announce } from "../announce";
import { amount } from "../amounts";
import { look, type Findings } from "./check";
import { upload, UploadFailed, type Told } from "./post";
import { problemOf, type Limits } from "./problems";
import type { PartsUpload, uploadInParts } from "./parts";
import { Speedometer } from "./speed";
import { count, type Problem } from "./words";

type State = "looking" | "ready" | "refused" | "sending" | "sent" | "failed";

/** From this size on a file goes in parts, where the plan has that. */
export const IN_PARTS_FROM = 64 << 20;

/** Where the module for uploads in parts is, and what signs its requests. */
export interface Parts {
  module: string;
  sign: string;
  from: number;
}

const COMPRESSIONS = { plain: "not compressed", gzip: "gzip", bgzip: "bgzip" };

/** One chosen file and its line in the list: looked into, sent, told how it goes. */
export class Item {
  readonly element: HTMLLIElement;
  state: State = "looking";
  findings: Findings | null = null;
  waiting = "";
  private readonly looked: Promise<void>;
  private readonly stop = new AbortController();
  private sending: AbortController | null = null;

  constructor(readonly file: File, template: HTMLTemplateElement, private readonly limits: Limits,
    private readonly changed: () => void, removed: () => void) {
    const line = (template.content.cloneNode(true) as DocumentFragment).firstElementChild;
    if (!(line instanceof HTMLLIElement)) throw new Error("the template of a chosen file is no list item");
    this.element = line;
    line.dataset["state"] = this.state;
    this.part("[data-name]").textContent = file.name;
    this.part("[data-size]").textContent = amount(file.size);
    const remove = this.part<HTMLButtonElement>("[data-remove]");
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", () => {
      this.stop.abort();
      removed();
    });
    const halt = this.part<HTMLButtonElement>("[data-stop]");
    halt.setAttribute("aria-label", `Stop the upload of ${file.name}`);
    halt.addEventListener("click", () => this.sending?.abort());
    this.part("progress").setAttribute("aria-label", `Upload of ${file.name}`);
    this.looked = this.lookInto();
  }

  /** Resolves once the file has been looked into. */
  get ready(): Promise<void> {
    return this.looked;
  }

  get busy(): boolean {
    return this.state === "sending";
  }

  /** Sends the file; afterwards it is sent or failed, and never throws. */
  async send(offer: string, told: Told, parts: Parts | null): Promise<void> {
    this.sending = new AbortController();
    this.show("sending");
    const bar = this.part<HTMLProgressElement>("progress");
    const speed = new Speedometer();
    let quarter = 0;
    bar.removeAttribute("value");
    this.say("Starting…");
    try {
      const send = parts !== null && this.file.size >= parts.from ? this.inParts(parts, told, this.sending.signal)
        : (progress: (loaded: number, total: number) => void) =>
          upload(offer, this.file, told, this.limits, this.sending?.signal ?? this.stop.signal, progress);
      this.waiting = await send((loaded, total) => {
        if (total === 0) return;
        bar.max = total;
        bar.value = loaded;
        this.say(loaded < total ? speed.line(loaded, total) : "All sent; waiting for the storage to confirm…");
        const reached = Math.floor((4 * loaded) / total);
        if (reached > quarter) announce(`${this.file.name}: ${reached * 25} % uploaded`);
        quarter = Math.max(quarter, reached);
      });
      this.say("Uploaded.");
      this.show("sent");
    } catch (failure) {
      this.say("");
      this.tell(failure instanceof UploadFailed ? failure.problem : {
        message: "The upload could not begin.",
        hint: "Check your connection and try again; your file is still chosen.",
      });
      this.show("failed");
    }
  }

  private inParts(parts: Parts, told: Told, signal: AbortSignal) {
    return async (progress: (loaded: number, total: number) => void): Promise<string> => {
      const module = await import(parts.module) as { uploadInParts: typeof uploadInParts };
      const token = document.querySelector<HTMLInputElement>("input[name=csrf_token]")?.value ?? "";
      const running: PartsUpload = module.uploadInParts(parts.sign, token, this.file, told, progress,
        (line) => this.say(line), parts.from < IN_PARTS_FROM ? parts.from : undefined);
      const pause = this.part<HTMLButtonElement>("[data-pause]");
      let paused = false;
      const turn = (): void => {
        paused = !paused;
        pause.textContent = paused ? "Go on" : "Pause";
        if (paused) running.pause();
        else running.resume();
        if (paused) this.say("Paused. You can close this page and choose the file again within a day to go on.");
      };
      pause.hidden = false;
      pause.addEventListener("click", turn);
      signal.addEventListener("abort", () => running.stop(), { once: true });
      try {
        return await running.done;
      } catch (error) {
        throw error instanceof Error && "hint" in error
          ? new UploadFailed({ message: error.message, hint: String(error.hint) })
          : new UploadFailed({ message: "The connection broke before the whole file had arrived.",
            hint: "What has arrived is kept for a day: upload the same file again, and it goes on from there." });
      } finally {
        pause.hidden = true;
        pause.removeEventListener("click", turn);
      }
    };
  }

  /** Forgets that it failed, to be sent again. */
  again(): void {
    if (this.state !== "failed") return;
    this.tell(null);
    this.show("ready");
  }

  private async lookInto(): Promise<void> {
    let problem = problemOf(this.file.name, this.file.size, this.limits);
    if (problem === null) {
      this.part("[data-facts]").textContent = "Looking into the file…";
      try {
        this.findings = await look(this.file, this.stop.signal);
        problem = this.findings.problem;
        this.part("[data-facts]").textContent = problem === null ? facts(this.findings) : "";
      } catch (error) {
        if (this.stop.signal.aborted) return;
        problem = { message: "The file cannot be read.", hint: "It may have been moved or changed: choose it again." };
        console.info(error);
      }
    }
    this.tell(problem);
    this.show(problem === null ? "ready" : "refused");
  }

  private show(state: State): void {
    this.state = state;
    this.element.dataset["state"] = state;
    this.part("[data-progress]").hidden = state !== "sending" && state !== "sent";
    this.part("progress").hidden = state !== "sending";
    this.part("[data-stop]").hidden = state !== "sending";
    this.part("[data-remove]").hidden = state === "sending" || state === "sent";
    this.changed();
  }

  private tell(problem: Problem | null): void {
    const box = this.part("[data-problem]");
    box.hidden = problem === null;
    this.part("[data-problem-message]").textContent = problem?.message ?? "";
    this.part("[data-problem-hint]").textContent = problem?.hint ?? "";
    this.part("[data-problem-link]").hidden = problem?.premiumHelps !== true;
    const where = this.part("[data-problem-where]");
    where.textContent = problem?.line === undefined ? "" : `Line ${count(problem.line)}`
      + (problem.column === undefined ? "" : `, column ${problem.column}`)
      + (problem.field === undefined ? "" : ` (${problem.field})`);
    where.hidden = where.textContent === "";
    const text = this.part("[data-problem-text]");
    text.textContent = problem?.text ?? "";
    text.hidden = text.textContent === "";
  }

  private say(line: string): void {
    this.part("[data-line]").textContent = line;
  }

  private part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const found = this.element.querySelector<T>(selector);
    if (found === null) throw new Error(`the line of a chosen file has no ${selector}`);
    return found;
  }
}

function facts(found: Findings): string {
  const many = (number: number, one: string): string => `${count(number)} ${one}${number === 1 ? "" : "s"}`;
  return [
    `VCF ${found.version}`, COMPRESSIONS[found.compression], many(found.samples, "sample"),
    found.whole ? many(found.records, "record") : `more than ${many(found.records, "record")}, the first ones checked`,
    ...(found.build === null ? [] : [`looks like ${found.build}`]),
  ].join(" · ");
}
