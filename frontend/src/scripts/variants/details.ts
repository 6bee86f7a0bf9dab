import { columnsOfFile, nameOf, displayText } from "./columns";
import type { VariantFile } from "./file";
import { GenomeView, type GenomeSettings } from "./genome";
import type { Links } from "./links";

/** The details of one variant: all columns, and its place in the genome. */
export class Details {
  private readonly heading: HTMLElement;
  private readonly facts: HTMLElement;
  private readonly genome: GenomeView | null;
  private opener: HTMLElement | null = null;

  /** @param closed - called when the reader closes the details */
  constructor(private readonly panel: HTMLElement, private readonly file: VariantFile, links: Links,
    settings: GenomeSettings, closed: () => void) {
    const part = (selector: string): HTMLElement => {
      const element = panel.querySelector<HTMLElement>(selector);
      if (element === null) throw new Error(`the details have no ${selector}`);
      return element;
    };
    this.heading = part("h3");
    this.facts = part("dl");
    const place = panel.querySelector<HTMLElement>("[data-genome]");
    this.genome = place === null || settings.reference === "" ? null : new GenomeView(place, links, settings);
    const close = (): void => {
      panel.hidden = true;
      closed();
      if (this.opener?.isConnected === true) this.opener.focus();
    };
    part("[data-close]").addEventListener("click", close);
    panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  }

  /** Hides the details, as if they had never been opened. */
  hide(): void {
    this.panel.hidden = true;
  }

  /**
   * Shows a row.
   *
   * @param opener - gets the focus back afterwards; null when the address of the page opened the details
   * @returns the variant as the address of the page names it, "MT:3243:A:G"
   */
  async open(row: number, opener: HTMLElement | null): Promise<string> {
    await this.file.need([row], this.file.columns.map(({ name }) => name));
    const cell = (name: string) => this.file.cell(row, name);
    this.heading.textContent = nameOf(cell);
    this.facts.replaceChildren();
    const long = [cell("ref"), cell("alt")].some((allele) => String(allele).length > 12);
    if (long) this.fact("Alleles", `${cell("ref")} > ${cell("alt")}`, "");
    for (const column of columnsOfFile(this.file)) {
      const text = column.name === "pos" ? "" : displayText(column.name, cell(column.name) ?? null);
      if (text !== "" && text !== ".") this.fact(column.title, text, column.about);
    }
    this.panel.hidden = false;
    this.genome?.show(String(cell("chrom")), Number(cell("pos")), String(cell("ref")).length);
    this.opener = opener;
    if (opener !== null) this.heading.focus();
    return `${cell("chrom")}:${cell("pos")}:${cell("ref")}:${cell("alt")}`;
  }

  private fact(title: string, text: string, about: string): void {
    const [term, definition] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = title;
    if (about !== "" && about !== title) term.title = about;
    definition.textContent = text;
    const pair = document.createElement("div");
    pair.append(term, definition);
    this.facts.append(pair);
  }
}
