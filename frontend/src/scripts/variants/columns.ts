import type { ColumnInfo, VariantFile } from "./file";
import type { Value } from "./values";

/** A column as the table shows it. */
export interface Column {
  name: string;
  title: string;
  about: string;
  width: number;
  numeric: boolean;
  layer: boolean;
  /** True when it is shown unless the reader asks for other ones. */
  shown: boolean;
}

const LONGEST_ALLELE = 12;

// Title, width in rem. `chrom`, `ref` and `alt` are part of the first column, which names the variant.
const KNOWN: Record<string, [string, number]> = {
  pos: ["Variant", 11], id: ["Id", 9], qual: ["Quality", 6], filter: ["Filter", 7],
  consequence: ["Consequence", 14.5], consequences: ["All its terms", 16], impact: ["Impact", 7.5], gene: ["Gene", 7],
  gene_id: ["Gene id", 11], transcript: ["Transcript", 11], biotype: ["Biotype", 10], exon: ["Exon", 5],
  intron: ["Intron", 5], hgvsc: ["HGVS, DNA", 16], hgvsp: ["HGVS, protein", 14], protein_position: ["Residue", 6],
  amino_acids: ["Amino acids", 7.5], codons: ["Codons", 7.5], known: ["Known", 6], existing: ["Known as", 9],
};
const PARTS = ["chrom", "ref", "alt"];
const SHOWN_AT_FIRST = ["pos", "gene", "consequence", "impact", "hgvsp", "known", "existing"];

/** The columns that a file's table can show. */
export function columnsOfFile(file: VariantFile): Column[] {
  return file.columns.filter(({ name }) => !PARTS.includes(name)).map((info) => {
    const [title, width] = KNOWN[info.name] ?? [info.name, 11];
    return { ...info, title, width, layer: isLayer(info), shown: SHOWN_AT_FIRST.includes(info.name) };
  });
}

const isLayer = ({ name }: ColumnInfo): boolean => !(name in KNOWN) && !PARTS.includes(name);

/** The text columns that annotation layers added. */
export function layersOf(columns: Column[]): string[] {
  return columns.filter((column) => column.layer && !column.numeric).map(({ name }) => name);
}

/** The columns that are shown, in the file's order; the variant itself always is. */
export function visible(columns: Column[], wanted: string[] | null): Column[] {
  return columns.filter(({ name, shown }) => name === "pos" || (wanted?.includes(name) ?? shown));
}

/** The columns of the file that the cells of these columns are made of. */
export function sources(columns: Column[]): string[] {
  return [...new Set([...PARTS, ...columns.map(({ name }) => name)])];
}

type Cell = (column: string) => Value | undefined;

/** A variant's name, "MT:3,243 A>G"; long alleles are shortened. */
export function nameOf(cell: Cell): string {
  return `${cell("chrom") ?? ""}:${Number(cell("pos") ?? 0).toLocaleString("en")} ${short(cell("ref"))}>${short(cell("alt"))}`;
}

function short(allele: Value | undefined): string {
  const text = String(allele ?? "");
  return text.length <= LONGEST_ALLELE ? text : `${text.slice(0, LONGEST_ALLELE - 4)}…(${text.length})`;
}

/** A value in words; "" for none. */
export function wordsFor(column: string, value: Value): string {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  if (column === "impact") return value.charAt(0) + value.slice(1).toLowerCase();
  return column === "existing" || column === "consequences" ? value.replaceAll("&", ", ") : value;
}
