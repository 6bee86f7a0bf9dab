import { IMPACTS, parseRegion, type Filters } from "./filters";
import type { Sort } from "./selection";

/** What the table shows. All of it is in the address of the page, which can be bookmarked and shared. */
export interface State {
  gene: string;
  region: string;
  consequence: string;
  impacts: string[];
  known: "" | "known" | "novel";
  text: string;
  sort: Sort | null;
  columns: string[] | null;
  /** The variant whose details are open, as "MT:3243:A:G". */
  variant: string;
}

const NAMES = ["gene", "region", "consequence", "impact", "known", "q", "sort", "columns", "variant"];

/** The state that the query of an address holds. */
export function fromAddress(search: string): State {
  const query = new URLSearchParams(search);
  const text = (name: string): string => query.get(name)?.trim() ?? "";
  const list = (name: string): string[] => text(name).split(",").filter((part) => part !== "");
  const known = text("known");
  const sort = text("sort");
  return {
    gene: text("gene"), region: text("region"), consequence: text("consequence"),
    impacts: list("impact").map((name) => name.toUpperCase()).filter((name) => IMPACTS.includes(name)),
    known: known === "known" || known === "novel" ? known : "", text: text("q"),
    sort: sort === "" ? null : { column: sort.replace(/^-/, ""), descending: sort.startsWith("-") },
    columns: query.has("columns") ? list("columns") : null, variant: text("variant"),
  };
}

/** The query for a state. Other parameters of the query are kept. */
export function toAddress(state: State, search: string): string {
  const query = new URLSearchParams(search);
  for (const name of NAMES) query.delete(name);
  const put = (name: string, value: string): void => { if (value !== "") query.set(name, value); };
  put("gene", state.gene);
  put("region", state.region);
  put("consequence", state.consequence);
  put("impact", state.impacts.join(","));
  put("known", state.known);
  put("q", state.text);
  if (state.sort !== null) query.set("sort", (state.sort.descending ? "-" : "") + state.sort.column);
  if (state.columns !== null) query.set("columns", state.columns.join(","));
  put("variant", state.variant);
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text === "" ? "" : `?${text}`;
}

/** What is wrong with a region; "" for nothing. */
function regionProblem(text: string): string {
  if (/^\s*[\d,]{4,}\s*$|^\s*[\d,]+\s*(?:-|–|\.\.)\s*[\d,]+\s*$/.test(text)) {
    return `Enter the contig, too, such as MT:${text.trim()}.`;
  }
  const [, start, end] = /:\s*([\d,]+)\s*(?:-|–|\.\.)\s*([\d,]+)\s*$/.exec(text) ?? [];
  if (start !== undefined && end !== undefined && Number(end.replaceAll(",", "")) < Number(start.replaceAll(",", ""))) {
    return `The region ends before it begins: did you mean ${end}-${start}?`;
  }
  return parseRegion(text) === null ? "Enter a contig with or without positions: MT, or 22:20,000,000-20,100,000." : "";
}

/** The filters of a state, and what is wrong with its region where that cannot be read. */
export function filtersOf(state: State): { filters: Filters; problem: string } {
  // A variant as the table names it, "MT:3,243 A>G", stands for its position.
  const text = state.region.replace(/\s+[A-Za-z*<.][^\s>]*>\S+\s*$/, "");
  const problem = text === "" ? "" : regionProblem(text);
  const region = text === "" || problem !== "" ? null : parseRegion(text);
  return {
    filters: {
      genes: state.gene.split(/[\s,;]+/).filter((gene) => gene !== ""), region, consequence: state.consequence,
      impacts: state.impacts.length === IMPACTS.length ? [] : state.impacts, known: state.known, text: state.text,
    },
    problem,
  };
}
