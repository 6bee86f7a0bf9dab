import { formatCount } from "../format";
import type { ColumnInfo, VariantFile } from "./file";
import type { Value } from "./values";

/** A column of the table. */
export interface Column {
  name: string;
  title: string;
  about: string;
  /** In rem. */
  width: number;
  numeric: boolean;
  /** True for columns that an annotation layer added. */
  layer: boolean;
  /** True if the file has no value in it. */
  empty: boolean;
  /** True for columns that are shown unless the reader chooses others. */
  shown: boolean;
}

const LONGEST_ALLELE = 12;

// Title, and width in rem. `chrom`, `ref` and `alt` are part of the first column, which names the variant.
const KNOWN: Record<string, [string, number]> = {
  pos: ["Variant", 11], id: ["ID", 9], qual: ["QUAL", 6], filter: ["Filter", 7],
  consequence: ["Consequence", 14.5], consequences: ["All consequences", 16], impact: ["Impact", 7.5], gene: ["Gene", 7],
  gene_id: ["Gene ID", 11], transcript: ["Transcript", 11], biotype: ["Biotype", 10], exon: ["Exon", 5],
  intron: ["Intron", 5], hgvsc: ["HGVSc", 16], hgvsp: ["HGVSp", 14], protein_position: ["Protein position", 8],
  amino_acids: ["Amino acids", 7.5], codons: ["Codons", 7.5], mature_peptide: ["Mature peptide", 14],
  haplotype: ["Together with", 11], most_severe_gene: ["Most severe in gene", 9],
  most_severe_transcript: ["Most severe on transcript", 11], known: ["Known", 6], existing: ["Known IDs", 9],
};
// Columns of several values, joined by "&".
const JOINED = ["existing", "consequences", "mature_peptide", "haplotype"];
const PARTS = ["chrom", "ref", "alt"];
// If they have values: mature peptides and haplotypes are found in few files.
const SHOWN_BY_DEFAULT = ["pos", "gene", "consequence", "impact", "hgvsp", "mature_peptide", "haplotype", "known", "existing"];

const ORDER = ["chrom", "pos", "id", "ref", "alt", ...Object.keys(KNOWN).filter((name) => !["pos", "id"].includes(name))];

/** Columns in the order in which they are shown, those of layers last; in the file they stand as they are read best. */
export function inOrder(columns: ColumnInfo[]): ColumnInfo[] {
  const rank = ({ name }: ColumnInfo): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return [...columns].sort((a, b) => rank(a) - rank(b));
}

/** The columns that the table of a file can show. */
export function columnsOfFile(file: VariantFile): Column[] {
  return inOrder(file.columns).filter(({ name }) => !PARTS.includes(name)).map((info) => {
    const [title, width] = KNOWN[info.name] ?? [info.name, 11];
    return { ...info, about: info.about.replace(ENCODED, ""), title, width, layer: isLayer(info), shown: !info.empty && (SHOWN_BY_DEFAULT.includes(info.name) || isLayer(info)) };
  }).sort((a, b) => rank(a) - rank(b));
}

/** What is known of diseases is why most people look: it follows the consequences, and numbers of layers come last. */
function rank({ layer, name, numeric }: Column): number {
  if (!layer) return AFTER_CLINICAL.includes(name) ? 2 : 0;
  return CLINICAL.test(name) ? 1 : numeric ? 4 : 3;
}

// The table shows values in words; it is INFO that has them encoded.
const ENCODED = /,? percent-encoded/g;
const AFTER_CLINICAL = ["known", "existing"];

const CLINICAL = /disease|disorder|phenotype|clin|status/i;

const isLayer = ({ name }: ColumnInfo): boolean => !(name in KNOWN) && !PARTS.includes(name);

/** The text columns that annotation layers added. */
export function layersOf(columns: Column[]): string[] {
  return columns.filter((column) => column.layer && !column.numeric).map(({ name }) => name);
}

/** The columns to show, in the order of the file. The variant itself is always among them. */
export function visible(columns: Column[], wanted: string[] | null): Column[] {
  return columns.filter(({ name, shown }) => name === "pos" || (wanted?.includes(name) ?? shown));
}

/** The columns of the file that the cells of some columns are made from. */
export function sources(columns: Column[]): string[] {
  return [...new Set([...PARTS, ...columns.map(({ name }) => name)])];
}

type Cell = (column: string) => Value | undefined;

/** A variant's name, "MT:3,243 A>G"; long alleles are shortened. */
export function nameOf(cell: Cell): string {
  return `${cell("chrom") ?? ""}:${formatCount(Number(cell("pos") ?? 0))} ${short(cell("ref"))}>${short(cell("alt"))}`;
}

function short(allele: Value | undefined): string {
  const text = String(allele ?? "");
  return text.length <= LONGEST_ALLELE ? text : `${text.slice(0, LONGEST_ALLELE - 4)}…(${text.length})`;
}

/** A value as the table shows it; "" for none. */
export function displayText(column: string, value: Value): string {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  if (column === "impact") return value.charAt(0) + value.slice(1).toLowerCase();
  return JOINED.includes(column) ? value.replaceAll("&", ", ") : value;
}
