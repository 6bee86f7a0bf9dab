import { formatCountOf } from "../format";
import type { FileReport } from "./check-file";
import { contigMeaning } from "./build-detection";

/** Value of the option to detect the reference from the file. */
export const DETECT = "auto";
/** Contigs that a message lists at most. */
const LISTED = 5;

/** A reference as the form offers it. */
export interface ReferenceOption {
  name: string;
  title: string;
  assembly: string;
  /** Names of its contigs; none where it has too many to list. */
  contigs: string[];
}

/** A file that was checked in the browser. */
export interface CheckedFile { name: string; report: FileReport }

/** The references as the options of the form describe them, that for detection left out. */
export function referencesOf(select: HTMLSelectElement): ReferenceOption[] {
  return [...select.options].filter(({ value }) => value !== DETECT).map(({ value, text, dataset }) => ({
    name: value, title: text, assembly: dataset["assembly"] ?? "",
    contigs: (dataset["contigs"] ?? "").split(" ").filter((contig) => contig !== ""),
  }));
}

/** The reference to select for files until the user selects one: the one that all of them use, else detection. */
export function suggestedReference(files: CheckedFile[], references: ReferenceOption[]): string {
  const builds = new Set(files.map(({ report }) => report.build));
  const [build] = builds;
  const matching = references.find((one) => uses(one, build ?? null));
  return builds.size === 1 && matching !== undefined ? matching.name : DETECT;
}

/**
 * Why files will be refused with the selected reference; "" where nothing says so.
 *
 * @param selected - name of a reference, or `DETECT`
 */
export function referenceProblem(selected: string, files: CheckedFile[], references: ReferenceOption[]): string {
  const chosen = references.find(({ name }) => name === selected);
  const builds = [...new Set(files.map(({ report }) => report.build).filter((build) => build !== null))];
  const other = builds.filter((build) => (chosen === undefined ? !references.some((one) => uses(one, build)) : !uses(chosen, build)));
  if (other.length > 0 && chosen !== undefined) {
    return `${builds.length > 1 ? "Some files look" : "This looks"} like ${other.join(" and ")}, which is not the selected reference. A file that was called on another `
      + "reference is refused, never annotated incorrectly.";
  }
  const candidates = chosen === undefined ? references : [chosen];
  const lacking = files.filter(({ report }) => candidates.every((one) => lacks(one, report)));
  const [first] = lacking;
  if (first === undefined) return "";
  const contigs = first.report.contigs.slice(0, LISTED).join(", ") + (first.report.contigs.length > LISTED ? ", …" : "");
  const more = lacking.length > 1 ? ` The same applies to ${formatCountOf(lacking.length - 1, "other file")}.` : "";
  const fitting = references.filter((one) => one !== chosen && !lacks(one, first.report) && one.contigs.length > 0);
  const advice = fitting.length === 0 ? "" : ` Select ${fitting.map(({ title }) => title).join(" or ")} instead.`;
  return `“${first.name}” has no record on a contig of ${chosen === undefined ? "any available reference" : chosen.title}`
    + ` (its contigs are ${contigs}) and would be refused.${more}${advice}`;
}

const uses = ({ name, assembly }: ReferenceOption, build: string | null): boolean => build === name || build === assembly;

/** True where a reference certainly has none of the contigs of a file that was read to its end. */
function lacks({ contigs }: ReferenceOption, { contigs: used, complete, readable }: FileReport): boolean {
  if (contigs.length === 0 || used.length === 0 || !complete || !readable) return false;
  const known = new Set(contigs.map(contigMeaning));
  return !used.some((contig) => known.has(contigMeaning(contig)));
}
