import { announce } from "../announce";
import { IN_PARTS_FROM, Item, type Parts } from "./item";
import { LayerInput } from "./layer-file";
import type { Limits } from "./problems";
import { referenceProblem, referencesOf, suggestedReference } from "./reference-check";

/** Files that are uploaded at the same time: more would share the same connection and finish no sooner. */
const AT_ONCE = 2;
/** Names of files that a message lists. */
const NAMES_LISTED = 3;

/** The upload form with JavaScript: it takes several files, checks each of them, and makes each a job of its own. */
export class UploadPage {
  private items: Item[] = [];
  private readonly input: HTMLInputElement;
  private readonly list: HTMLUListElement;
  private readonly submit: HTMLButtonElement;
  private readonly problems: HTMLElement[];
  private readonly without: HTMLButtonElement;
  private readonly note: HTMLInputElement;
  private readonly reference: HTMLSelectElement;
  private readonly placement: HTMLSelectElement;
  /** Null where the annotations have been uploaded already. */
  private readonly layer: LayerInput | null;
  private referenceChosen = false;
  private sending = false;

  constructor(private readonly form: HTMLFormElement, private readonly limits: Limits,
    private readonly listAddress: string) {
    this.input = this.part("input[type=file]");
    this.list = this.part("[data-upload-list]");
    this.submit = this.part("button[type=submit]");
    this.problems = [...form.querySelectorAll<HTMLElement>("[data-upload-problem]")];
    this.without = this.part("[data-without-refused]");
    this.without.addEventListener("click", () => {
      for (const item of this.refused) this.drop(item);
      void this.send();
    });
    this.note = this.part("[name='x-amz-meta-note']");
    this.reference = this.part("[name='x-amz-meta-reference']");
    this.placement = this.part("[name='x-amz-meta-shift-3prime']");
    const layer = form.querySelector<HTMLInputElement>("[data-layer]");
    this.layer = layer === null ? null : new LayerInput(layer, this.part("[data-layer-remove]"),
      this.part("[data-layer-problem]"), { ...limits, extensions: (form.dataset["layerExtensions"] ?? "").split(" ") });
    form.noValidate = true;
    this.input.multiple = true;
    this.acceptDrops(this.part(".dropzone"));
    this.input.addEventListener("change", () => this.add(this.input.files));
    this.reference.addEventListener("change", () => {
      this.referenceChosen = true;
      this.suggestReference();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    // Files may have been chosen while this script was loading, or be restored by the browser after a reload.
    if (this.input.files?.length) this.add(this.input.files);
  }

  private get parts(): Parts | null {
    const { parts, sign, partsFrom } = this.form.dataset;
    return parts === undefined || sign === undefined ? null
      : { module: parts, sign, from: partsFrom === undefined ? IN_PARTS_FROM : Number(partsFrom) };
  }

  private add(files: FileList | null): void {
    if (files === null || this.sending) return;
    const template = this.part<HTMLTemplateElement>("template[data-upload-item]");
    for (const file of [...files]) {
      const same = (item: Item): boolean => item.file.name === file.name && item.file.size === file.size
        && item.file.lastModified === file.lastModified;
      const known = this.items.find(same);
      if (known !== undefined && known.state !== "sent") this.drop(known);
      const item: Item = new Item(file, template, this.limits, () => this.refresh(), () => {
        this.drop(item);
        this.input.focus();
        announce(`${file.name} removed`);
      });
      this.items.push(item);
      this.list.append(item.element);
    }
    this.refresh();
  }

  private drop(item: Item): void {
    item.element.remove();
    this.items = this.items.filter((other) => other !== item);
    this.refresh();
  }

  private refresh(): void {
    this.list.hidden = this.items.length === 0;
    this.input.setAttribute("aria-invalid", String(this.refused.length > 0));
    this.showChosen();
    if (this.items.length > 0) this.showProblem("");
    this.suggestReference();
  }

  /** Gives the file input the files of the list, so that it names or counts them rightly after one was removed. */
  private showChosen(): void {
    const chosen = new DataTransfer();
    for (const { file } of this.items) chosen.items.add(file);
    this.input.files = chosen.files;
  }

  // Selects the reference that the files seem to have been called on, until the user selects one; warns of a mismatch.
  private suggestReference(): void {
    const references = referencesOf(this.reference);
    const files = this.items.flatMap(({ file, report }) => (report === null ? [] : [{ name: file.name, report }]));
    if (files.length > 0 && !this.referenceChosen) this.reference.value = suggestedReference(files, references);
    const problem = referenceProblem(this.reference.value, files, references);
    const warning = this.part("[data-build-warning]");
    warning.hidden = problem === "";
    if (warning.textContent !== problem) warning.textContent = problem;
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    if (this.items.length === 0) {
      this.showProblem("Choose a VCF file.");
      this.input.focus();
      return;
    }
    await Promise.all(this.items.map(({ checked }) => checked));
    if (this.refused.length > 0) {
      if (this.items.length > 1) this.showRefused();
      else this.input.focus();
      return;
    }
    await this.layer?.checked;
    if (this.layer?.refused) {
      this.layer.focus();
      return;
    }
    this.showProblem("");
    this.setBusy(true);
    for (const item of this.items) item.retry();
    const waiting = this.items.filter(({ state }) => state === "ready");
    const details = {
      note: this.note.value.trim(), reference: this.reference.value, shift3prime: this.placement.value,
      layer: this.layer?.file ?? null,
    };
    const work = async (): Promise<void> => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
        await item.send(this.form.dataset["upload"] ?? "", details, this.parts);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.setBusy(false);
    this.finish();
  }

  private get refused(): Item[] {
    return this.items.filter(({ state }) => state === "refused");
  }

  /** Says at both ends of the list which files cannot be annotated, offers to go on without them, and shows the first. */
  private showRefused(): void {
    const names = this.refused.map(({ file }) => `“${file.name}”`);
    const listed = names.slice(0, NAMES_LISTED).join(", ") + (names.length > NAMES_LISTED ? ` and ${names.length - NAMES_LISTED} more` : "");
    this.showProblem(`Nothing was uploaded: ${listed} cannot be annotated.`);
    const others = this.items.length - this.refused.length;
    this.without.hidden = others === 0;
    this.without.textContent = `Remove ${names.length === 1 ? "it" : "them"} and upload the other ${others === 1 ? "one" : others}`;
    this.refused[0]?.show();
  }

  private finish(): void {
    const sent = this.items.filter(({ state }) => state === "sent");
    const [first] = sent;
    if (first !== undefined && sent.length === this.items.length) {
      announce(sent.length === 1 ? "Uploaded." : `All ${sent.length} files have been uploaded.`);
      // Most files become jobs only seconds after their upload: the list waits for so many.
      window.location.assign(sent.length === 1 ? first.waiting : `${this.listAddress}&uploaded=${sent.length}`);
      return;
    }
    if (sent.length > 0) announce(`${sent.length} of ${this.items.length} files have been uploaded.`);
    this.submit.focus();
  }

  private setBusy(on: boolean): void {
    this.sending = on;
    this.submit.disabled = on;
    this.input.disabled = on;
    if (this.layer !== null) this.layer.busy = on;
    this.note.readOnly = on;
    if (on) window.addEventListener("beforeunload", confirmLeaving);
    else window.removeEventListener("beforeunload", confirmLeaving);
  }

  private showProblem(message: string): void {
    this.without.hidden = true;
    for (const problem of this.problems) {
      problem.hidden = message === "";
      const line = problem.querySelector("p");
      if (line !== null && line.textContent !== message) line.textContent = message;
    }
  }

  private acceptDrops(zone: HTMLElement): void {
    const over = (event: DragEvent): void => {
      event.preventDefault();
      zone.classList.add("over");
    };
    zone.addEventListener("dragenter", over);
    zone.addEventListener("dragover", over);
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", () => zone.classList.remove("over"));
    // A file that is dropped beside the zone is meant for it, too: the browser would leave this page and open the file.
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    document.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
    document.addEventListener("drop", (event) => {
      if (!carriesFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      this.add(event.dataTransfer?.files ?? null);
      this.input.focus();
    });
  }

  private part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const found = this.form.querySelector<T>(selector);
    if (found === null) throw new Error(`the upload form has no ${selector}`);
    return found;
  }
}

const confirmLeaving = (event: BeforeUnloadEvent): void => event.preventDefault();
