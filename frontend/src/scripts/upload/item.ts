import { announce } from "../announce";
import { amount } from "../amounts";
import { look, type Findings } from "./check";
import { upload, UploadFailed, type Told } from "./post";
import { problemOf, type Limits } from "./problems";
import { Speedometer } from "./speed";
import { count, type Problem } from "./words";

type State = "looking" | "ready" | "refused" | "sending" | "sent" | "failed";

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
  async send(offer: string, told: Told): Promise<void> {
    this.sending = new AbortController();
    this.show("sending");
    const bar = this.part<HTMLProgressElement>("progress");
    const speed = new Speedometer();
    let quarter = 0;
    bar.removeAttribute("value");
    this.say("Starting…");
    try {
      this.waiting = await upload(offer, this.file, told, this.limits, this.sending.signal, (loaded, total) => {
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
