import { impacts, mitochondrion, sequences } from "../../generated/rules.json";
import type { Group, Range } from "./file";
import type { Value } from "./values";

export interface Region { names: string[]; start: number; end: number }

/** Which variants the reader wants to see. An empty value filters nothing. */
export interface Filters {
  genes: string[];
  region: Region | null;
  consequence: string;
  impacts: string[];
  known: "" | "known" | "novel";
  text: string;
}

type Values = ArrayLike<unknown>;

/** Impacts of consequences, the most severe first. */
export const IMPACTS: string[] = impacts;
/** Columns that a gene is searched in: of the reported transcript, and of that with the most severe consequence. */
const GENE_COLUMNS = ["gene", "most_severe_gene"];
/** Columns that a text is searched in, beside those that layers added. */
const TEXT_COLUMNS = ["id", ...GENE_COLUMNS, "gene_id", "transcript", "most_severe_transcript", "hgvsc", "hgvsp",
  "mature_peptide", "existing"];

/** A region as people write it: "MT", "chr22:20,000,000-20,100,000", "7:117559590". Null for anything else. */
export function parseRegion(text: string): Region | null {
  const match = /^\s*([^\s:]+)(?:\s*:\s*([\d,]+)(?:\s*(?:-|–|\.\.)\s*([\d,]+))?)?\s*$/.exec(text);
  if (match?.[1] === undefined) return null;
  const number = (digits: string): number => Number(digits.replaceAll(",", ""));
  const start = match[2] === undefined ? 1 : number(match[2]);
  const end = match[3] !== undefined ? number(match[3]) : match[2] !== undefined ? start : Number.POSITIVE_INFINITY;
  return end < start ? null : { names: synonyms(match[1]), start, end };
}

/** The names that a contig may have: with "chr" or without, both of the mitochondrion, and those of a known sequence. */
function synonyms(name: string): string[] {
  for (const { accessions, names } of Object.values(sequences)) {
    const all = [...accessions, ...names];
    if (all.some((one) => one.toLowerCase() === name.toLowerCase())) return all;
  }
  const bare = name.replace(/^chr/i, "");
  const { short } = mitochondrion;
  const bares = short.includes(bare.toUpperCase()) ? short : [bare, bare.toUpperCase()];
  return [...new Set([name, ...bares, ...bares.map((one) => `chr${one}`)])];
}

/** The columns that must be read to find the matching rows. */
export function columnsOf(filters: Filters, layers: string[]): string[] {
  const columns = new Set<string>();
  if (filters.genes.length > 0) for (const column of GENE_COLUMNS) columns.add(column);
  if (filters.region !== null) columns.add("chrom").add("pos");
  if (filters.consequence !== "") columns.add("consequence");
  if (filters.impacts.length > 0) columns.add("impact");
  if (filters.known !== "") columns.add("known");
  if (filters.text !== "") for (const column of [...TEXT_COLUMNS, ...layers]) columns.add(column);
  return [...columns];
}

/** False when the statistics of a row group show that none of its rows match. */
export function mayMatch(filters: Filters, group: Group): boolean {
  const mayHold = (column: string, values: Value[]): boolean => {
    const range = group.ranges.get(column);
    return range === undefined || values.some((value) => within(value, range));
  };
  if (filters.genes.length > 0 && !GENE_COLUMNS.some((column) => mayHold(column, spellings(filters.genes)))) return false;
  if (filters.region !== null) {
    if (!mayHold("chrom", filters.region.names)) return false;
    const chrom = group.ranges.get("chrom");
    const pos = group.ranges.get("pos");
    if (chrom !== undefined && pos !== undefined && chrom.min === chrom.max
      && (Number(pos.max) < filters.region.start || Number(pos.min) > filters.region.end)) return false;
  }
  if (filters.consequence !== "" && !mayHold("consequence", [filters.consequence])) return false;
  if (filters.impacts.length > 0 && !mayHold("impact", filters.impacts)) return false;
  return filters.known === "" || mayHold("known", [filters.known === "known"]);
}

// Gene symbols are in capitals with few exceptions ("C22orf39"); a reader may type them in lower case.
const spellings = (genes: string[]): string[] => [...new Set(genes.flatMap((gene) => [gene, gene.toUpperCase(),
  gene.toUpperCase().replace("ORF", "orf")]))];

function within(value: Value, { min, max }: Range): boolean {
  if (value === null || min === null || max === null) return true;
  return min <= value && value <= max;
}

/** A test for the rows of one group, given its values of the columns that `columnsOf` names. */
export function matcher(filters: Filters, values: Map<string, Values>, layers: string[]): (row: number) => boolean {
  const tests: ((row: number) => boolean)[] = [];
  const column = (name: string): Values => values.get(name) ?? [];
  if (filters.genes.length > 0) {
    const wanted = new Set(filters.genes.map((gene) => gene.toUpperCase()));
    const columns = GENE_COLUMNS.map(column);
    tests.push((row) => columns.some((genes) => typeof genes[row] === "string" && wanted.has(genes[row].toUpperCase())));
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
    const texts = [...TEXT_COLUMNS, ...layers].map(column);
    tests.push((row) => texts.some((text) => typeof text[row] === "string" && sought.test(text[row])));
  }
  return (row) => tests.every((test) => test(row));
}
