import type { Range } from "./file";
import type { Value } from "./values";

/** What a row must fulfil: in one of these columns it has a value that passes. A search combines several with "and". */
export interface Condition {
  columns: string[];
  /** Whether a value passes, null for none. It depends on the value alone: it is tried once for each distinct one. */
  passes(value: Value): boolean;
  /** False when no value between the smallest and the largest passes, nor null; without it, any may pass. */
  mayPass?(range: Range): boolean;
  /** A text in lower case, in ASCII, that passing means to contain in whatever case. */
  contains?: string;
}

/** The condition that one of the columns has one of the values. */
export function equals(columns: string[], values: Value[]): Required<Pick<Condition, "mayPass">> & Condition {
  const wanted = new Set(values);
  return {
    columns, passes: (value) => wanted.has(value),
    mayPass: ({ min, max }) => values.some((value) => value !== null && min !== null && max !== null && min <= value && value <= max),
  };
}

/**
 * False when the smallest and the largest values of rows show that none fulfils the conditions.
 *
 * @param ranges - by column; a column without statistics has none
 */
export function mayMatch(conditions: Condition[], ranges: Map<string, Range>): boolean {
  return conditions.every(({ columns, mayPass }) => mayPass === undefined
    || columns.some((column) => {
      const range = ranges.get(column);
      return range === undefined || range.min === null || range.max === null || mayPass(range);
    }));
}
