import { nameOf, sources, displayText, type Column } from "./columns";
import type { VariantFile } from "./file";
import type { Selection, Sort } from "./selection";

const ROW_PIXELS = 36;
const MOST_VISIBLE_ROWS = 15;
// Browsers limit the height of an element; beyond this a pixel of the scroll bar stands for more than one row.
const MOST_PIXELS = 8_000_000;
const SETTLE_MS = 60;

export interface TableEvents {
  sort(sort: Sort | null): void;
  open(row: number, button: HTMLButtonElement): void;
  failed(error: unknown): void;
}

/** A virtual table: only the rows in view exist as elements. */
export class VariantTable {
  private readonly spacer = document.createElement("div");
  private readonly table = document.createElement("table");
  private readonly message = Object.assign(document.createElement("p"), { className: "no-rows", hidden: true });
  private readonly head: HTMLTableSectionElement;
  private readonly body: HTMLTableSectionElement;
  private columns: Column[] = [];
  private rows: Selection = { length: 0, row: () => 0 };
  private sorting: Sort | null = null;
  private first = 0;
  private active = 0;
  private opened: number | null = null;
  private expectedTop = -1;
  private timer: number | undefined;

  constructor(private readonly scroller: HTMLElement, private readonly file: VariantFile,
    private readonly events: TableEvents) {
    this.table.className = "table variants-table";
    this.table.append(Object.assign(document.createElement("caption"), {
      className: "visually-hidden", textContent: "Variants, one row for each alternate allele" }));
    this.head = this.table.createTHead();
    this.body = this.table.createTBody();
    this.spacer.append(this.table);
    scroller.replaceChildren(this.spacer, this.message);
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    scroller.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(scroller);
  }

  /** Shows other columns. */
  setColumns(columns: Column[]): void {
    this.columns = columns;
    this.table.style.width = `${columns.reduce((sum, { width }) => sum + width, 0)}rem`;
    this.table.setAttribute("aria-colcount", String(columns.length));
    this.drawHead();
    this.body.replaceChildren();
    this.draw();
  }

  /** Shows other rows, from the first one unless `stay`. */
  setRows(rows: Selection, sorting: Sort | null, stay = false): void {
    this.rows = rows;
    if (sorting?.column !== this.sorting?.column || sorting?.descending !== this.sorting?.descending) {
      this.sorting = sorting;
      this.drawHead();
    }
    this.table.setAttribute("aria-rowcount", String(rows.length + 1));
    const shownRows = Math.max(1, Math.min(rows.length, MOST_VISIBLE_ROWS));
    this.scroller.style.height = `${this.head.offsetHeight + shownRows * ROW_PIXELS + 18}px`;
    this.spacer.style.height = `${this.height()}px`;
    if (!stay) {
      this.active = 0;
      this.moveTo(0);
    }
    this.draw();
  }

  /** Redraws the rows in view, and fetches what is missing. */
  draw(): void {
    const count = Math.min(this.inView(), this.rows.length);
    this.first = Math.max(0, Math.min(this.first, this.rows.length - count));
    const focused = this.body.contains(document.activeElement);
    while (this.body.rows.length > count) this.body.deleteRow(-1);
    while (this.body.rows.length < count) this.body.append(this.blankRow());
    let missing = false;
    for (let i = 0; i < count; i += 1) missing = this.drawRow(this.body.rows[i] as HTMLTableRowElement, this.first + i) || missing;
    this.table.setAttribute("aria-busy", String(missing));
    if (focused) this.buttonOf(this.active)?.focus({ preventScroll: true });
    window.clearTimeout(this.timer);
    if (missing) this.timer = window.setTimeout(() => void this.fetch(), this.body.dataset["drawn"] === undefined ? 0 : SETTLE_MS);
    else this.body.dataset["drawn"] = "";
  }

  /** Says that there is nothing to show; "" where there is. */
  showMessage(text: string): void {
    this.message.textContent = text;
    this.message.hidden = text === "";
  }

  /** Marks the row whose details are open; null for none. */
  mark(row: number | null): void {
    this.opened = row;
    this.draw();
  }

  private async fetch(): Promise<void> {
    const rows: number[] = [];
    for (let i = 0; i < this.body.rows.length; i += 1) rows.push(this.rows.row(this.first + i));
    const before = this.first;
    try {
      await this.file.need(rows, sources(this.columns));
    } catch (error) {
      this.events.failed(error);
      return;
    }
    if (this.first === before) this.draw();
  }

  private inView(): number {
    return Math.max(1, Math.floor((this.scroller.clientHeight - this.head.offsetHeight) / ROW_PIXELS));
  }

  private height(): number {
    return Math.min(MOST_PIXELS, this.head.offsetHeight + this.rows.length * ROW_PIXELS);
  }

  /** Pixels of scrolling for one row. */
  private step(): number {
    const hidden = this.rows.length - this.inView();
    return hidden <= 0 ? ROW_PIXELS : Math.min(ROW_PIXELS, (this.height() - this.scroller.clientHeight) / hidden);
  }

  private scrolled(): void {
    if (this.scroller.scrollTop === this.expectedTop) return;
    this.expectedTop = -1;
    this.first = Math.round(this.scroller.scrollTop / this.step());
    this.draw();
  }

  private moveTo(first: number): void {
    this.first = Math.max(0, Math.min(first, this.rows.length - this.inView()));
    this.scroller.scrollTop = Math.round(this.first * this.step());
    this.expectedTop = this.scroller.scrollTop;
  }

  private key(event: KeyboardEvent): void {
    if (!this.body.contains(event.target as Node) || event.altKey || event.metaKey || event.shiftKey) return;
    const page = this.inView() - 1;
    const moves: Record<string, number> = {
      ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page, PageUp: this.active - page,
      Home: 0, End: this.rows.length - 1,
    };
    const wanted = moves[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    this.active = Math.max(0, Math.min(wanted, this.rows.length - 1));
    if (this.active < this.first) this.moveTo(this.active);
    else if (this.active >= this.first + this.inView()) this.moveTo(this.active - this.inView() + 1);
    this.draw();
    this.buttonOf(this.active)?.focus({ preventScroll: true });
  }

  private buttonOf(index: number): HTMLButtonElement | null {
    return this.body.rows[index - this.first]?.querySelector("button") ?? null;
  }

  private drawHead(): void {
    const focused = this.head.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["column"] : undefined;
    const row = document.createElement("tr");
    row.setAttribute("aria-rowindex", "1");
    for (const column of this.columns) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.style.width = `${column.width}rem`;
      const sorting = this.sorting?.column === column.name ? this.sorting : null;
      cell.setAttribute("aria-sort", sorting === null ? "none" : sorting.descending ? "descending" : "ascending");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = column.title;
      button.dataset["column"] = column.name;
      if (column.about !== "") button.title = column.about;
      button.addEventListener("click", () => this.events.sort(
        sorting === null ? { column: column.name, descending: false }
          : sorting.descending ? null : { column: column.name, descending: true }));
      cell.append(button);
      row.append(cell);
    }
    this.head.replaceChildren(row);
    if (focused !== undefined) this.head.querySelector<HTMLElement>(`[data-column="${CSS.escape(focused)}"]`)?.focus();
  }

  private blankRow(): HTMLTableRowElement {
    const row = document.createElement("tr");
    for (const [place, column] of this.columns.entries()) {
      const cell = document.createElement(place === 0 ? "th" : "td");
      if (place === 0) {
        (cell as HTMLTableCellElement).scope = "row";
        const button = document.createElement("button");
        button.type = "button";
        button.addEventListener("click", () => {
          this.active = this.first + row.sectionRowIndex;
          this.events.open(this.rows.row(this.active), button);
        });
        cell.append(button);
      } else if (column.numeric) cell.className = "number";
      row.append(cell);
    }
    return row;
  }

  /** Fills a row; returns true when some of its cells have not been fetched. */
  private drawRow(row: HTMLTableRowElement, index: number): boolean {
    const number = this.rows.row(index);
    row.setAttribute("aria-rowindex", String(index + 2));
    row.classList.toggle("open", number === this.opened);
    let missing = false;
    for (const [place, column] of this.columns.entries()) {
      const cell = row.cells[place] as HTMLTableCellElement;
      const value = this.file.cell(number, column.name);
      missing ||= value === undefined;
      if (place === 0) {
        const button = cell.firstElementChild as HTMLButtonElement;
        button.textContent = value === undefined ? "…" : nameOf((name) => this.file.cell(number, name));
        button.tabIndex = index === Math.max(this.first, Math.min(this.active, this.first + this.body.rows.length - 1)) ? 0 : -1;
        button.setAttribute("aria-expanded", String(number === this.opened));
        continue;
      }
      const text = value === undefined ? "…" : displayText(column.name, value);
      if (cell.textContent === text) continue;
      cell.textContent = text;
      cell.title = text;
      if (column.name === "impact") cell.className = `impact-${text.toLowerCase()}`;
    }
    return missing;
  }
}
