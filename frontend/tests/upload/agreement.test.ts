import { expect, inject, test } from "vitest";
import { checkFile } from "../../src/scripts/upload/check-file";
import type { Problem } from "../../src/scripts/upload/input-error";

interface Case {
  name: string;
  content: string;
  problem: Problem | null;
  build: string | null;
  /** The page cannot read all of the file. */
  partial: boolean;
}

declare module "vitest" {
  export interface ProvidedContext { cases: Case[] | null }
}

// Without the cases, in a plain `npm test`, one file takes their place.
const cases = inject("cases") ?? [{ name: "empty", content: "", build: null, partial: false, problem: {
  message: "The file has no content.", hint: "Check that the program that wrote the file finished, and that the whole file was transferred.",
} }];

test.each(cases)("the page says what the annotator says: $name", async ({ content, problem, build, partial }) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const report = await checkFile(new Blob([bytes]), new AbortController().signal);
  if (!partial || report.problem !== null) expect(withoutAmount(report.problem)).toEqual(withoutAmount(problem));
  if (problem === null && !partial) expect(report.build).toBe(build);
});

/** A problem without the bytes before a cut: how many of them a decompressor still gives is its own affair. */
function withoutAmount(problem: Problem | null): Problem | null {
  return problem && { ...problem, message: problem.message.replace(/truncated after [\d,]+ /, "truncated after some ") };
}
