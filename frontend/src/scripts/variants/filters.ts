import type { Group, Range } from "./file";
import type { Value } from "./values";

export interface Region { names: string[]; start: number; end: number }

/** What the reader wants to see. Empty values ask for nothing. */
export interface Filters {
  genes: string[];
  region: Region | null;
  consequence: string;
  impacts: string[];
  known: "" | "known" | "novel";
  text: string;
}

type Values = ArrayLike<unknown>;

export const IMPACTS = ["HIGH", "MODERATE", "LOW", "MODIFIER"];
/** Columns that words are looked for in, beside those that layers added. */
const WORDY = ["id", "gene", "gene_id", "transcript", "hgvsc", "hgvsp", "existing"];

/** A region as people write it: "MT", "chr22:20,000,000-20,100,000", "7:117559590". Null for what is none. */
export function parseRegion(text: string): Region | null {
  const match = /^\s*([^\s:]+)(?:\s*:\s*([\d,]+)(?:\s*(?:-|–|\.\.)\s*([\d,]+))?)?\s*$/.exec(text);
  if (match?.[1] === undefined) return null;
  const number = (digits: string): number => Number(digits.replaceAll(",", ""));
  const start = match[2] === undefined ? 1 : number(match[2]);
  const end = match[3] !== undefined ? number(match[3]) : match[2] !== undefined ? start : Number.POSITIVE_INFINITY;
  return end < start ? null : { names: synonyms(match[1]), start, end };
}

/** The names that a contig goes by: with "chr" or without, and the mitochondrion's two. */
function synonyms(name: string): string[] {
  const bare = name.replace(/^chr/i, "");
  const bares = /^mt?$/i.test(bare) ? ["MT", "M"] : [bare, bare.toUpperCase()];
  return [...new Set([name, ...bares, ...bares.map((one) => `chr${one}`)])];
}

/** The columns that must be read to tell which rows match. */
export function columnsOf(filters: Filters, layers: string[]): string[] {
  const columns = new Set<string>();
  if (filters.genes.length > 0) columns.add("gene");
  if (filters.region !== null) columns.add("chrom").add("pos");
  if (filters.consequence !== "") columns.add("consequence");
  if (filters.impacts.length > 0) columns.add("impact");
  if (filters.known !== "") columns.add("known");
  if (filters.text !== "") for (const column of [...WORDY, ...layers]) columns.add(column);
  return [...columns];
}

/** False when a group's statistics rule out that any of its rows match. */
export function mayMatch(filters: Filters, group: Group): boolean {
  const holds = (column: string, values: Value[]): boolean => {
    const range = group.ranges.get(column);
    return range === undefined || values.some((value) => within(value, range));
  };
  if (filters.genes.length > 0 && !holds("gene", spellings(filters.genes))) return false;
  if (filters.region !== null) {
    if (!holds("chrom", filters.region.names)) return false;
    const chrom = group.ranges.get("chrom");
    const pos = group.ranges.get("pos");
    if (chrom !== undefined && pos !== undefined && chrom.least === chrom.most
      && (Number(pos.most) < filters.region.start || Number(pos.least) > filters.region.end)) return false;
  }
  if (filters.consequence !== "" && !holds("consequence", [filters.consequence])) return false;
  if (filters.impacts.length > 0 && !holds("impact", filters.impacts)) return false;
  return filters.known === "" || holds("known", [filters.known === "known"]);
}

// Gene symbols have capitals with few exceptions ("C22orf39"); a reader may leave them out.
const spellings = (genes: string[]): string[] => [...new Set(genes.flatMap((gene) => [gene, gene.toUpperCase(),
  gene.toUpperCase().replace("ORF", "orf")]))];

function within(value: Value, { least, most }: Range): boolean {
  if (value === null || least === null || most === null) return true;
  return least <= value && value <= most;
}

/** A test for the rows of one group, given its values of `columnsOf`. */
export function matcher(filters: Filters, values: Map<string, Values>, layers: string[]): (row: number) => boolean {
  const tests: ((row: number) => boolean)[] = [];
  const column = (name: string): Values => values.get(name) ?? [];
  if (filters.genes.length > 0) {
    const wanted = new Set(filters.genes.map((gene) => gene.toUpperCase()));
    const genes = column("gene");
    tests.push((row) => typeof genes[row] === "string" && wanted.has(genes[row].toUpperCase()));
  }
  if (filters.region !== null) {
    const { start, end } = filters.region;
    const names = new Set<unknown>(filters.region.names);
    const [chrom, pos] = [column("chrom"), column("pos")];
    tests.push((row) => names.has(chrom[row]) && Number(pos[row]) >= start && Number(pos[row]) <= end);
  }
  if (filters.consequence !== "") {
    const terms = column("consequence");
    tests.push((row) => terms[row] === filters.consequence);
  }
  if (filters.impacts.length > 0) {
    const wanted = new Set<unknown>(filters.impacts);
    const impacts = column("impact");
    tests.push((row) => wanted.has(impacts[row]));
  }
  if (filters.known !== "") {
    const wanted = filters.known === "known";
    const known = column("known");
    tests.push((row) => known[row] === wanted);
  }
  if (filters.text !== "") {
    const sought = new RegExp(filters.text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
    const places = [...WORDY, ...layers].map(column);
    tests.push((row) => places.some((place) => typeof place[row] === "string" && sought.test(place[row])));
  }
  return (row) => tests.every((test) => test(row));
}
