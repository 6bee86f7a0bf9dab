import type { Header } from "./header";

/** Lengths of the longest chromosomes in the two builds of the human genome (Genome Reference Consortium). */
const LENGTHS: Record<string, Record<string, number>> = {
  GRCh37: { 1: 249250621, 2: 243199373, 3: 198022430, 4: 191154276, 5: 180915260, 6: 171115067, 7: 159138663,
    8: 146364022, 9: 141213431, 10: 135534747, 11: 135006516, 12: 133851895, 13: 115169878, 14: 107349540,
    15: 102531392, 16: 90354753, 17: 81195210, 18: 78077248, 19: 59128983, 20: 63025520, 21: 48129895, 22: 51304566,
    X: 155270560, Y: 59373566 },
  GRCh38: { 1: 248956422, 2: 242193529, 3: 198295559, 4: 190214555, 5: 181538259, 6: 170805979, 7: 159345973,
    8: 145138636, 9: 138394717, 10: 133797422, 11: 135086622, 12: 133275309, 13: 114364328, 14: 107043718,
    15: 101991189, 16: 90338345, 17: 83257441, 18: 80373285, 19: 58617616, 20: 64444167, 21: 46709983, 22: 50818468,
    X: 156040895, Y: 57227415 },
};
const NAMES: [RegExp, string][] = [[/GRCh38|hg38|b38|GCA_000001405\.15/i, "GRCh38"], [/GRCh37|hg19|hs37|b37/i, "GRCh37"]];
const MITOCHONDRION = /^(?:chr)?MT?$|^NC_012920(?:\.1)?$|^rCRS$/i;

/** The build that a file seems to be of, null when nothing tells: by contig lengths first, then by what is named. */
export function buildOf(header: Header, contigs: ReadonlySet<string>): string | null {
  const used = [...contigs];
  if (used.length > 0 && used.every((name) => MITOCHONDRION.test(name))) {
    const length = used.map((name) => header.contigs.get(name)).find((known) => known != null);
    return length === 16571 ? "hg19's old mitochondrion (NC_001807)" : "rCRS";
  }
  for (const [build, lengths] of Object.entries(LENGTHS)) {
    for (const [name, length] of header.contigs) {
      if (length !== null && lengths[name.replace(/^chr/i, "").toUpperCase()] === length) return build;
    }
  }
  for (const [pattern, build] of NAMES) {
    if (header.names.some((name) => pattern.test(name))) return build;
  }
  return null;
}
