import { announce } from "../announce";
import type { Links } from "./links";

export interface GenomeSettings { igv: string; reference: string; title: string }

/** The part of igv.js that is used. */
interface Browser {
  search(locus: string): Promise<unknown>;
  on(event: "trackclick", handler: (track: unknown, lines: Line[]) => string | undefined): void;
}
/** A line of what igv.js shows for a clicked feature: a text, markup of its own, or a name and a value of the file. */
type Line = string | { name?: unknown; value?: unknown; html?: string };
interface Igv { createBrowser(place: HTMLElement, options: object): Promise<Browser> }

/** A reference as the site describes it: where its sequence and genes are. */
interface Reference {
  id: string;
  name: string;
  fasta: { url: string; index?: string; compressed_index?: string };
  /** A table of the names of each sequence, for results that use another one than the reference. */
  names?: string;
  genes: { url: string; index?: string };
}

/** Bases that are shown on either side of a variant. */
const FLANK = 40;

/** The results in a genome browser, which is fetched when the reader first opens it. */
export class GenomeView {
  private readonly button: HTMLButtonElement;
  private readonly place: HTMLElement;
  private readonly problem: HTMLElement;
  private browser: Promise<Browser> | null = null;
  private locus = "";

  constructor(root: HTMLElement, private readonly links: Links, private readonly settings: GenomeSettings) {
    const part = <T extends HTMLElement>(selector: string): T => {
      const element = root.querySelector<T>(selector);
      if (element === null) throw new Error(`the genome view has no ${selector}`);
      return element;
    };
    this.button = part("button");
    this.place = part("[data-igv-place]");
    this.problem = part("[data-genome-problem]");
    this.button.addEventListener("click", () => void this.start());
    root.hidden = false;
  }

  /** Goes to a variant. Nothing is fetched before the reader has opened the view. */
  show(contig: string, position: number, length: number): void {
    this.locus = `${contig}:${Math.max(1, position - FLANK)}-${position + length - 1 + FLANK}`;
    void this.browser?.then((browser) => browser.search(this.locus)).catch(() => this.fail());
  }

  private async start(): Promise<void> {
    this.button.disabled = true;
    this.problem.hidden = true;
    this.browser ??= this.open();
    try {
      await this.browser;
      this.button.hidden = true;
      announce("Genome browser loaded.");
    } catch {
      this.browser = null;
      this.fail();
    }
  }

  private fail(): void {
    this.button.disabled = false;
    this.problem.hidden = false;
  }

  private async open(): Promise<Browser> {
    const [{ default: igv }, answer] = await Promise.all([
      import(this.settings.igv) as Promise<{ default: Igv }>,
      fetch(this.settings.reference, { headers: { Accept: "application/json" }, credentials: "same-origin" }),
    ]);
    if (!answer.ok) throw new Error(`the site did not give the reference (status ${answer.status})`);
    const reference = await answer.json() as Reference;
    this.place.hidden = false;
    const browser = await igv.createBrowser(this.place, {
      loadDefaultGenomes: false,
      showChromosomeWidget: false,
      showSampleNames: false,
      locus: this.locus,
      reference: {
        id: reference.id, name: reference.name, wholeGenomeView: false, fastaURL: reference.fasta.url,
        ...(reference.fasta.index === undefined ? { indexed: false } : { indexURL: reference.fasta.index }),
        ...(reference.names === undefined ? {} : { aliasURL: reference.names }),
        ...(reference.fasta.compressed_index === undefined ? {} : { compressedIndexURL: reference.fasta.compressed_index }),
      },
      tracks: [
        { name: "Genes", type: "annotation", format: "gff3", url: reference.genes.url, indexURL: reference.genes.index,
          indexed: reference.genes.index !== undefined, displayMode: "EXPANDED", height: 80, visibilityWindow: -1 },
        { name: asText(this.settings.title), type: "variant", format: "vcf", displayMode: "EXPANDED", height: 80,
          // igv.js asks for the address before each request, so that expired links are renewed.
          url: () => this.links.url("results"), indexURL: () => this.links.url("index"), visibilityWindow: -1 },
      ],
    });
    browser.on("trackclick", (_, lines) => (lines.length > 0 ? lines.map(asMarkup).join("") : undefined));
    if (this.place.shadowRoot !== null) fixContrastAndLabels(this.place.shadowRoot);
    return browser;
  }
}

/** Escapes markup: igv.js inserts names of tracks, and names and values of the user's file, as HTML. */
function asText(text: string): string {
  const element = document.createElement("div");
  element.textContent = text;
  return element.innerHTML;
}

function asMarkup(line: Line): string {
  if (typeof line === "string") return line === "<hr>" || line === "<hr/>" ? "<hr>" : `<div>${asText(line)}</div>`;
  if (line.name === undefined) return "<hr>"; // the separator between the parts of a feature
  return `<div><span>${asText(String(line.name))}</span>&nbsp;&nbsp;&nbsp;${asText(String(line.value))}</div>`;
}

/** igv.js is always white but takes its text colour from the colour scheme, so dark mode is white on white; its slider has no label. */
function fixContrastAndLabels(root: ShadowRoot): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".igv-container.igv-container { color-scheme: light; }");
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  for (const slider of root.querySelectorAll("input[type=range]")) slider.setAttribute("aria-label", "Zoom");
}
