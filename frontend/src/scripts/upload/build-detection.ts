import { genomes, mitochondrion, sequences } from "../../generated/rules.json";
import { asWhole } from "../rules";
import type { Header } from "./header";

interface Build { names: string[]; refseq: number[]; lengths: number[] }

const BUILDS: [string, Build][] = Object.entries(genomes.builds);
/** Genomes of one sequence, such as a virus. */
const SEQUENCES: [string, { length: number; accessions: string[]; names: string[] }][] = Object.entries(sequences);
const CHROMOSOMES: string[] = genomes.chromosomes;
const ACCESSION = asWhole(genomes.accession);

/**
 * The genome build that a file seems to have been called on, by the annotator's rules: lengths of contigs and RefSeq
 * accessions decide, a position beyond the end of a chromosome excludes builds, and names in the header come last.
 *
 * @param furthest - the highest position (1-based) of each contig that has records
 * @returns null where nothing tells, or more than one build is left
 */
export function detectBuild(header: Header, furthest: ReadonlyMap<string, number>): string | null {
  const used = [...furthest.keys()];
  if (used.length > 0 && used.every((name) => chromosomeOf(name) === "MT")) return mitochondrialBuild(header, furthest);
  const genome = SEQUENCES.find(([, { accessions, names }]) => used.length > 0
    && used.every((name) => accessions.includes(name) || names.includes(name)));
  if (genome !== undefined) return hasSequence(genome[1].length, header, furthest) ? genome[0] : null;
  const measured = [...header.contigs].filter(([, length]) => length !== null).map(([name]) => name);
  const names = [...new Set([...used, ...measured])];
  const excluded = new Set(BUILDS.filter(([, build]) => used.some((name) =>
    (furthest.get(name) ?? 0) > (lengthOf(build, name) ?? Infinity))).map(([name]) => name));
  const certain = BUILDS.filter(([, build]) => names.some((name) =>
    hasLength(build, name, header.contigs.get(name)) || hasAccession(build, name))).map(([name]) => name);
  if (certain.length === 1) return certain[0] ?? null;
  if (certain.length > 1) return onlyOne(certain.filter((name) => !excluded.has(name)));
  const named = BUILDS.filter(([name, build]) => !excluded.has(name)
    && build.names.some((one) => header.buildNames.has(one))).map(([name]) => name);
  if (named.length > 0 || excluded.size === 0) return onlyOne(named);
  return onlyOne(BUILDS.map(([name]) => name).filter((name) => !excluded.has(name)));
}

/** "1" to "22", "X", "Y" or "MT" for any name of a human chromosome; null for other contigs. */
export function chromosomeOf(name: string): string | null {
  const accession = ACCESSION.exec(name);
  if (accession !== null) return CHROMOSOMES[Number(accession[1]) - 1] ?? null;
  const short = name.replace(/^chr/i, "").toUpperCase();
  if (mitochondrion.short.includes(short) || mitochondrion.sequences.includes(name)) return "MT";
  return CHROMOSOMES.includes(short) ? short : null;
}

/** The same for all names of a contig: a chromosome, the genome of one sequence that it is, or its own name. */
export function contigMeaning(name: string): string {
  const genome = SEQUENCES.find(([, { accessions, names }]) => accessions.includes(name) || names.includes(name));
  return chromosomeOf(name) ?? genome?.[0] ?? name;
}

function mitochondrialBuild(header: Header, furthest: ReadonlyMap<string, number>): string {
  const lengths = [...header.contigs].filter(([name]) => chromosomeOf(name) === "MT").map(([, length]) => length);
  const older = lengths.includes(mitochondrion.olderLength) || Math.max(...furthest.values()) > mitochondrion.length;
  return older ? mitochondrion.older : mitochondrion.build;
}

/** False where the header gives the contigs another length, or a position lies beyond their end. */
function hasSequence(length: number, header: Header, furthest: ReadonlyMap<string, number>): boolean {
  return [...furthest].every(([name, position]) => position <= length && (header.contigs.get(name) ?? length) === length);
}

/** Bases of a contig in a build; undefined for what is no chromosome. */
const lengthOf = (build: Build, name: string): number | undefined =>
  build.lengths[CHROMOSOMES.indexOf(chromosomeOf(name) ?? "")];

function hasLength(build: Build, name: string, length: number | null | undefined): boolean {
  return length != null && lengthOf(build, name) === length;
}

function hasAccession(build: Build, name: string): boolean {
  const version = ACCESSION.exec(name)?.[2];
  return version !== undefined && build.refseq[CHROMOSOMES.indexOf(chromosomeOf(name) ?? "")] === Number(version);
}

const onlyOne = (names: string[]): string | null => (names.length === 1 ? names[0] ?? null : null);
