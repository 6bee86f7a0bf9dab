import type { Column } from "./columns";
import type { State } from "./state";

const TYPING_MS = 300;

/** The filters above the table, and the choice of columns. */
export class FilterForm {
  private timer: number | undefined;
  private readonly boxes: HTMLElement;

  /** @param changed - called with what the reader entered, shortly after typing stops */
  constructor(private readonly form: HTMLFormElement, private readonly columns: Column[], state: State,
    private readonly changed: (state: Partial<State>) => void) {
    const boxes = form.querySelector<HTMLElement>("[data-columns]");
    if (boxes === null) throw new Error("the filters have no choice of columns");
    this.boxes = boxes;
    this.drawColumns();
    this.closeOnLeaving(boxes.closest("details"));
    // Without known variants in the reference nothing is known or novel.
    (this.field("known").closest("label") as HTMLElement).hidden = columns.some(({ name, empty }) => name === "known" && empty);
    this.show(state);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    form.addEventListener("input", () => {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.send(), TYPING_MS);
    });
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      const empty = { gene: "", region: "", consequence: "", impacts: [], known: "" as const, text: "" };
      this.show({ ...empty, sort: null, columns: this.chosen(), variant: "" });
      this.changed(empty);
    });
  }

  /** Closes the choice of columns on Escape, which gives the focus back, and on a click elsewhere. */
  private closeOnLeaving(choice: HTMLDetailsElement | null): void {
    if (choice === null) return;
    choice.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !choice.open) return;
      choice.open = false;
      choice.querySelector("summary")?.focus();
    });
    document.addEventListener("click", (event) => {
      if (choice.open && !choice.contains(event.target as Node)) choice.open = false;
    });
    choice.querySelector("[data-default-columns]")?.addEventListener("click", () => {
      for (const box of this.columnBoxes()) box.checked = box.defaultChecked;
      this.changed({ columns: null });
    });
  }

  /** Fills the fields from a state. */
  show(state: State): void {
    this.field("gene").value = state.gene;
    this.field("region").value = state.region;
    this.field("q").value = state.text;
    this.field("known").value = state.known;
    const consequences = this.field("consequence") as HTMLSelectElement;
    if (state.consequence !== "" && ![...consequences.options].some(({ value }) => value === state.consequence)) {
      consequences.add(new Option(state.consequence, state.consequence));
    }
    consequences.value = state.consequence;
    for (const box of this.form.querySelectorAll<HTMLInputElement>("input[name=impact]")) box.checked = state.impacts.includes(box.value);
    const names = state.columns;
    for (const box of this.columnBoxes()) box.checked = names?.includes(box.value) ?? box.defaultChecked;
  }

  /** Shows what is wrong with the region; "" for nothing. */
  showProblem(problem: string): void {
    const message = this.form.querySelector<HTMLElement>("[data-region-problem]");
    if (message === null) return;
    message.textContent = problem;
    message.hidden = problem === "";
    this.field("region").setAttribute("aria-invalid", String(problem !== ""));
  }

  private send(): void {
    window.clearTimeout(this.timer);
    const known = this.field("known").value;
    this.changed({
      gene: this.field("gene").value.trim(), region: this.field("region").value.trim(),
      consequence: this.field("consequence").value, text: this.field("q").value.trim(),
      impacts: [...this.form.querySelectorAll<HTMLInputElement>("input[name=impact]:checked")].map(({ value }) => value),
      known: known === "known" || known === "novel" ? known : "", columns: this.chosen(),
    });
  }

  /** The chosen columns; null for those that are shown by default. */
  private chosen(): string[] | null {
    const boxes = this.columnBoxes();
    if (boxes.every((box) => box.checked === box.defaultChecked)) return null;
    return boxes.filter(({ checked }) => checked).map(({ value }) => value);
  }

  private field(name: string): HTMLInputElement | HTMLSelectElement {
    return this.form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
  }

  private columnBoxes(): HTMLInputElement[] {
    return [...this.boxes.querySelectorAll("input")];
  }

  private drawColumns(): void {
    for (const column of this.columns) {
      if (column.name === "pos") continue;
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.value = column.name;
      box.defaultChecked = column.shown;
      label.append(box, ` ${column.title}`);
      if (column.about !== "") label.title = column.about;
      this.boxes.append(label);
    }
  }
}
