import { impacts, mitochondrion, sequences } from "../../generated/rules.json";
import { equals, type Condition } from "./conditions";

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

/** Impacts of consequences, the most severe first. */
export const IMPACTS: string[] = impacts;
/** Columns that a gene is searched in: that of the reported transcript, and of that with the most severe consequence. */
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

/**
 * What a row must fulfil, all of it.
 *
 * @param layers - names of the text columns that layers added
 */
export function conditionsOf(filters: Filters, layers: string[]): Condition[] {
  const conditions: Condition[] = [];
  const { region, text } = filters;
  if (filters.genes.length > 0) {
    const wanted = new Set(filters.genes.map((gene) => gene.toUpperCase()));
    const spelled = spellings(filters.genes);
    conditions.push({
      columns: GENE_COLUMNS, passes: (value) => typeof value === "string" && wanted.has(value.toUpperCase()),
      mayPass: equals([], spelled).mayPass,
    });
  }
  if (region !== null) {
    conditions.push(equals(["chrom"], region.names), {
      columns: ["pos"], passes: (value) => Number(value) >= region.start && Number(value) <= region.end,
      mayPass: ({ min, max }) => Number(max) >= region.start && Number(min) <= region.end,
    });
  }
  if (filters.consequence !== "") conditions.push(equals(["consequence"], [filters.consequence]));
  if (filters.impacts.length > 0) conditions.push(equals(["impact"], filters.impacts));
  if (filters.known !== "") conditions.push(equals(["known"], [filters.known === "known"]));
  if (text !== "") {
    const sought = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
    const ascii = /^[\x20-\x7e]*$/.test(text);
    conditions.push({
      columns: [...TEXT_COLUMNS, ...layers], passes: (value) => typeof value === "string" && sought.test(value),
      ...(ascii ? { contains: text.toLowerCase() } : {}),
    });
  }
  return conditions;
}

// Gene symbols are in capitals with few exceptions ("C22orf39"); a reader may type them in lower case.
const spellings = (genes: string[]): string[] => [...new Set(genes.flatMap((gene) => [gene, gene.toUpperCase(),
  gene.toUpperCase().replace("ORF", "orf")]))];
