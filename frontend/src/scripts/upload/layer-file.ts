import { byteOrderMark, layer as rules } from "../../generated/rules.json";
import patterns, { atStart } from "../rules";
import { isBlank, latin1 } from "./binary-text";
import { checkFile } from "./check-file";
import { compressionOf, isConverted, uncompressed } from "./decompress";
import { InputError, type Problem } from "./input-error";
import { problemOf, type Limits } from "./problems";

const REGION = atStart(rules.region);
const RECORD = atStart(patterns.patterns.record);
const UNREADABLE = { message: "The file cannot be read.", hint: "It may have been moved or changed: choose it again." };

/** The form's file input for the user's own annotations: a VCF or BED file, checked when it is chosen. */
export class LayerInput {
  /** Resolves once the file that is chosen has been checked. */
  checked: Promise<void> = Promise.resolve();
  private problem: Problem | null = null;

  /**
   * @param input - chooses the file
   * @param remove - the button that removes it
   * @param box - shows what is wrong with it
   * @param limits - of such files
   */
  constructor(private readonly input: HTMLInputElement, private readonly remove: HTMLButtonElement,
    private readonly box: HTMLElement, private readonly limits: Limits) {
    input.addEventListener("change", () => this.chosen());
    remove.addEventListener("click", () => {
      input.value = "";
      this.chosen();
      input.focus();
    });
    if (this.file !== null) this.chosen(); // chosen while this script was loading
  }

  get file(): File | null {
    return this.input.files?.[0] ?? null;
  }

  get refused(): boolean {
    return this.problem !== null;
  }

  focus(): void {
    this.input.focus();
  }

  set busy(on: boolean) {
    this.input.disabled = on;
    this.remove.disabled = on;
  }

  private chosen(): void {
    const file = this.file;
    this.remove.hidden = file === null;
    this.show(null);
    this.checked = file === null ? Promise.resolve() : problemOfLayer(file, this.limits)
      .catch(() => UNREADABLE)
      .then((problem) => {
        if (this.file === file) this.show(problem); // another one may have been chosen meanwhile
      });
  }

  private show(problem: Problem | null): void {
    this.problem = problem;
    this.box.hidden = problem === null;
    this.input.setAttribute("aria-invalid", String(problem !== null));
    const where = problem?.line === undefined ? "" : `Line ${problem.line}: `;
    const [message, text, hint] = ["p", "pre", ".hint"].map((part) => this.box.querySelector<HTMLElement>(part));
    if (message) message.textContent = problem === null ? "" : where + problem.message;
    if (hint) hint.textContent = problem?.hint ?? "";
    if (text) {
      text.textContent = problem?.text ?? "";
      text.hidden = text.textContent === "";
    }
  }
}

/** What is wrong with a file of the user's own annotations, or null: by the annotator's rules and in its words. */
export async function problemOfLayer(file: File, limits: Limits): Promise<Problem | null> {
  const named = problemOf(file.name, file.size, limits, "wrong_layer_extension");
  if (named !== null) return named;
  try {
    const head = await headOf(file);
    if (head === null) return null; // only the annotator can read it
    const lines = head.replace(byteOrderMark, "").split(/\r?\n/);
    if (rules.vcf.some((start) => lines[0]?.startsWith(start))) {
      return (await checkFile(file, new AbortController().signal)).problem;
    }
    const at = lines.findIndex((line) => !isBlank(line) && !rules.comments.some((start) => line.startsWith(start)));
    const line = lines[at];
    if (line === undefined) return { message: rules.noRecords, hint: rules.hint };
    if (REGION.test(line) && !RECORD.test(line)) return null;
    return { message: rules.unknown, hint: rules.hint, line: at + 1, text: line.slice(0, patterns.limits.quoted) };
  } catch (error) {
    if (error instanceof InputError) return error.problem;
    throw error;
  }
}

/** The beginning of a file's text in Latin-1; null of one that a browser cannot read. */
async function headOf(file: Blob): Promise<string | null> {
  const compression = await compressionOf(file);
  let head = "";
  for await (const piece of uncompressed(file, compression, () => undefined)) {
    head += latin1(piece);
    if (isConverted(head)) return null;
    if (head.length >= rules.head) break;
  }
  return head;
}
