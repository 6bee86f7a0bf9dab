import { announce } from "../announce";
import { save } from "../download";
import { formatCount, formatCountOf } from "../format";
import { columnsOfFile, layersOf, visible, type Column } from "./columns";
import { equals } from "./conditions";
import { Details } from "./details";
import { csv, vcf, write } from "./export";
import { VariantFile } from "./file";
import { conditionsOf } from "./filters";
import { FilterForm } from "./form";
import { Links, ReadingError } from "./links";
import { everything, search, sorted, type Selection } from "./selection";
import { filtersOf, fromAddress, toAddress, type State } from "./state";
import { VariantTable } from "./table";
import type { Value } from "./values";

const SHOW_EVERY_MS = 250;
/** Milliseconds within which further changes of the same field belong to one step of the browser's history. */
const SAME_STEP_MS = 2000;
const BYTE_ORDER_MARK = "\uFEFF";

/** Starts the explorer of a job's variants in its section of the page. */
export function mount(root: HTMLElement): void {
  const explorer = new Explorer(root);
  explorer.start().catch((error: unknown) => explorer.fail(error));
}

class Explorer {
  private readonly links: Links;
  private readonly count: HTMLElement;
  private readonly problem: HTMLElement;
  private state: State = fromAddress(window.location.search);
  private file!: VariantFile;
  private table!: VariantTable;
  private form!: FilterForm;
  private details!: Details;
  private columns: Column[] = [];
  private rows: Selection = everything(0);
  private work = new AbortController();
  private shownAt = 0;
  private typed = "";
  private changedAt = 0;

  constructor(private readonly root: HTMLElement) {
    this.links = new Links(root.dataset["links"] ?? "");
    this.count = this.part("[data-count]");
    this.problem = this.part("[data-problem]");
  }

  async start(): Promise<void> {
    this.file = await VariantFile.open(this.links);
    this.columns = columnsOfFile(this.file);
    this.part("[data-loading]").remove();
    this.part("[data-explorer]").hidden = false;
    this.table = new VariantTable(this.part("[data-table]"), this.file, {
      sort: (sort) => this.change({ sort }), failed: (error) => this.fail(error),
      open: (row, button) => void this.open(row, button).catch((error: unknown) => this.fail(error)),
    });
    this.details = new Details(this.part("[data-details]"), this.file, this.links, {
      igv: this.root.dataset["igv"] ?? "", reference: this.root.dataset["reference"] ?? "",
      title: this.root.dataset["name"] ?? "",
    }, () => this.close());
    this.form = new FilterForm(this.part<HTMLFormElement>("form"), this.columns, this.state,
      (changed) => this.change(changed));
    this.part("[data-export=csv]").addEventListener("click", (event) => void this.export("csv", event));
    this.part("[data-export=vcf]").addEventListener("click", (event) => void this.export("vcf", event));
    window.addEventListener("popstate", () => {
      this.state = fromAddress(window.location.search);
      this.typed = "";
      this.form.show(this.state);
      void this.show();
      if (this.state.variant !== "") void this.reopen(this.state.variant).catch((error: unknown) => this.fail(error));
      else this.details.hide();
    });
    await this.show();
    if (this.state.variant !== "") {
      await this.reopen(this.state.variant);
      this.part("[data-details]").scrollIntoView({ block: "nearest" });
    }
  }

  /** Shows that something failed. */
  fail(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    this.root.querySelector("[data-loading]")?.remove();
    this.count.textContent = "";
    this.problem.textContent = error instanceof ReadingError ? error.message : "The variant table could not be loaded. Reload the page to try again.";
    this.problem.hidden = false;
    if (!(error instanceof ReadingError)) throw error;
  }

  private part<T extends HTMLElement = HTMLElement>(selector: string): T {
    const element = this.root.querySelector<T>(selector);
    if (element === null) throw new Error(`the table's section has no ${selector}`);
    return element;
  }

  private change(changed: Partial<State>): void {
    const names = (Object.keys(changed) as (keyof State)[]).filter((name) =>
      JSON.stringify(changed[name]) !== JSON.stringify(this.state[name]));
    if (names.length === 0) return;
    this.state = { ...this.state, ...changed };
    // Each view is a step of the browser's history; what is typed into one field is one step.
    const typed = names.join();
    const now = performance.now();
    const goesOn = typed === this.typed && now - this.changedAt < SAME_STEP_MS;
    [this.typed, this.changedAt] = [typed, now];
    window.history[goesOn ? "replaceState" : "pushState"](window.history.state, "", window.location.pathname
      + toAddress(this.state, window.location.search) + window.location.hash);
    void this.show();
  }

  /** Shows the rows of the current state. Work for an earlier state is abandoned. */
  private async show(): Promise<void> {
    this.work.abort();
    this.work = new AbortController();
    const { signal } = this.work;
    const { filters, problem } = filtersOf(this.state);
    const sort = this.columns.some(({ name }) => name === this.state.sort?.column) ? this.state.sort : null;
    this.form.showProblem(problem);
    this.problem.hidden = true;
    this.table.setColumns(visible(this.columns, this.state.columns));
    try {
      let started = false;
      const conditions = conditionsOf(filters, layersOf(this.columns));
      const found = await search(this.file, conditions, signal, (rows, share) => {
        const shown = this.showCount(`${variants(rows.length)} found, (${Math.round(share * 100)}% searched)`);
        if (sort !== null || !shown) return;
        this.rows = rows;
        this.table.setRows(rows, null, started);
        started = true;
      });
      this.rows = sort === null || sort.column === "pos" && !sort.descending ? found
        : await sorted(this.file, found, sort, signal, (share) => this.showCount(`Sorting (${Math.round(share * 100)}%)`));
      signal.throwIfAborted();
      this.table.setRows(this.rows, sort, started);
      this.showCount(this.rows.length === this.file.rows ? variants(this.rows.length)
        : `${formatCount(this.rows.length)} of ${variants(this.file.rows)}`, true);
      for (const button of this.root.querySelectorAll<HTMLButtonElement>("[data-export]")) button.disabled = this.rows.length === 0;
      this.table.showMessage(this.rows.length > 0 ? "" : this.file.rows === 0 ? "The result has no variants." : "No variants match these filters.");
    } catch (error) {
      this.fail(error);
    }
  }

  /** Shows how many variants there are, unless it did so a moment ago; screen readers announce only the final number. */
  private showCount(text: string, final = false): boolean {
    const now = performance.now();
    if (!final && now - this.shownAt < SHOW_EVERY_MS) return false;
    this.shownAt = now;
    this.count.textContent = text;
    if (final) announce(text);
    return true;
  }

  private async open(row: number, button: HTMLButtonElement | null): Promise<void> {
    const variant = await this.details.open(row, button);
    this.table.mark(row);
    this.remember(variant);
  }

  private close(): void {
    this.table.mark(null);
    this.remember("");
  }

  private remember(variant: string): void {
    this.state = { ...this.state, variant };
    window.history.replaceState(window.history.state, "", window.location.pathname
      + toAddress(this.state, window.location.search) + window.location.hash);
  }

  /** Opens the variant that the address of the page names. */
  private async reopen(variant: string): Promise<void> {
    const [chrom = "", pos, ref = "", ...alt] = variant.split(":"); // a breakend has a colon of its own
    const conditions = [equals(["chrom"], [chrom]), equals(["pos"], [Number(pos)]), equals(["ref"], [ref]), equals(["alt"], [alt.join(":")])];
    const rows = await search(this.file, conditions, new AbortController().signal, () => undefined);
    if (rows.length > 0) await this.open(rows.row(0), null);
  }

  private async export(kind: "csv" | "vcf", event: Event): Promise<void> {
    const button = event.currentTarget as HTMLButtonElement;
    const label = button.querySelector("span");
    const words = label?.textContent ?? "";
    button.disabled = true;
    const progress = (share: number): void => { if (label !== null) label.textContent = `${Math.round(share * 100)} %`; };
    try {
      const { signal } = this.work;
      const name = `${this.root.dataset["name"] ?? "variants"}.${this.rows.length === this.file.rows ? "variants" : "filtered"}`;
      if (kind === "csv") {
        // Without the mark, spreadsheets take UTF-8 for the encoding of their country.
        save(new Blob([BYTE_ORDER_MARK, await write(this.file, this.rows, csv(this.file), signal, progress)]), `${name}.csv`);
      } else {
        // A VCF file is sorted by position, in whatever order the table is.
        const rows = this.inFileOrder();
        const columns = [...this.columns];
        const [contigs, filters] = await this.headings(rows, signal);
        save(await write(this.file, rows, vcf(this.file, columns, contigs, filters), signal, progress), `${name}.sites.vcf`);
      }
      announce("The file is ready.");
    } catch (error) {
      this.fail(error);
    } finally {
      button.disabled = false;
      if (label !== null) label.textContent = words;
    }
  }

  private inFileOrder(): Selection {
    if (this.state.sort === null) return this.rows;
    const order = Uint32Array.from({ length: this.rows.length }, (_, index) => this.rows.row(index)).sort();
    return { length: order.length, row: (index) => order[index] ?? 0 };
  }

  /** The contigs and filters of some rows, for the header of a VCF file. */
  private async headings(rows: Selection, signal: AbortSignal): Promise<[string[], string[]]> {
    const [contigs, filters] = [new Set<string>(), new Set<string>()];
    let last = -1;
    for (let i = 0; i < rows.length; i += 1) {
      const group = this.file.groupOf(rows.row(i));
      if (group !== last) {
        await this.file.readGroup(group, ["chrom", "filter"], signal);
        signal.throwIfAborted();
        last = group;
      }
      const text = (value: Value | undefined): string => String(value ?? "");
      contigs.add(text(this.file.cell(rows.row(i), "chrom")));
      for (const name of text(this.file.cell(rows.row(i), "filter")).split(";")) if (name !== "" && name !== ".") filters.add(name);
    }
    return [[...contigs], [...filters]];
  }
}

const variants = (count: number): string => formatCountOf(count, "variant");
