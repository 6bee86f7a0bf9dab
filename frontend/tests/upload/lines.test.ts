import { expect, test } from "vitest";
import { linesOf } from "../../src/scripts/upload/lines";
import { InputError } from "../../src/scripts/upload/input-error";
import { bytesOf, HEADER, RECORD } from "./files";

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield bytesOf(text);
}

async function read(...texts: string[]): Promise<[number, string, boolean][]> {
  const lines: [number, string, boolean][] = [];
  for await (const batch of linesOf(pieces(...texts))) {
    for (const { number, text, unterminated } of batch) lines.push([number, text, unterminated]);
  }
  return lines;
}

const problem = async (...texts: string[]) => read(...texts).then(() => null, (error: unknown) => {
  if (error instanceof InputError) return error.problem;
  throw error;
});

const LONG = `##x=${"x".repeat(70_000)}\n`; // the first piece is looked at as a whole: later ones come alone

test("lines go over the borders of pieces", async () => {
  expect(await read(LONG, "##a", "b\n##c\n", "\n", "##d")).toEqual([
    [1, LONG.trimEnd(), false], [2, "##ab", false], [3, "##c", false], [4, "", false], [5, "##d", true]]);
});

test("a CR and its LF are one line end, even in two pieces", async () => {
  expect(await read(LONG, "##a\r", "\n##b\r\n")).toEqual([
    [1, LONG.trimEnd(), false], [2, "##a", false], [3, "##b", false]]);
});

test("a CR at the very end belongs to no line", async () => {
  expect(await read(LONG, "##a\r")).toEqual([[1, LONG.trimEnd(), false], [2, "##a", true]]);
});

test("the first bytes may come one by one", async () => {
  expect(await read(...HEADER)).toHaveLength(2);
  expect(await problem(..."BAM\x01\0\0\0")).toMatchObject({ message: "This is not a VCF file; it appears to be a BAM file of aligned reads." });
});

test("bytes stay what they are: no windows-1252", async () => {
  expect(await read("##\x80\x9f\xa0\xff\n")).toEqual([[1, "##\x80\x9f\xa0\xff", false]]);
});

test.each([
  ["no bytes", [], "The file has no content."],
  ["an empty piece", [""], "The file has no content."],
  ["blanks only", [" \n\t\n"], "The file contains only whitespace."],
  ["a byte order mark only", ["\xef\xbb\xbf"], "The file contains only whitespace."],
])("nothing to annotate: %s", async (_, texts, message) => {
  expect(await problem(...texts)).toEqual(
    { message, hint: "Check that the program that wrote the file finished, and that the whole file was transferred." });
});

test("a control character is found with its line and what is around it", async () => {
  expect(await problem(LONG, HEADER, `${RECORD}MT\t1\0\t.\n`)).toMatchObject({
    message: "The line contains a non-text byte (0x00).", line: 5, text: expect.stringContaining("MT\t1\\x00\t.") as string });
});

test("carriage returns are line ends only before a line feed", async () => {
  expect(await problem((HEADER + RECORD).replaceAll("\n", "\r"))).toMatchObject({
    message: "The file uses classic Mac line endings (CR)." });
  expect(await problem(`${HEADER}MT\t1\r2\n`)).toMatchObject({
    message: "The line has a carriage return (CR) in its middle.", line: 3 });
});

const MEGABYTE = bytesOf("x".repeat(1 << 20));

/** A line of 64 MiB and as many bytes more, in pieces. */
async function* longLine(more: number): AsyncGenerator<Uint8Array> {
  yield bytesOf(`##${"y".repeat((1 << 20) - 2)}`);
  for (let at = 1; at < 64; at += 1) yield MEGABYTE;
  yield bytesOf(`${"z".repeat(more)}\n`);
}

test("a line has 64 MiB at most", async () => {
  const lengths: number[] = [];
  for await (const batch of linesOf(longLine(0))) lengths.push(...batch.map(({ text }) => text.length));
  expect(lengths).toEqual([64 << 20]);
  await expect(async () => { for await (const _ of linesOf(longLine(1))); }).rejects.toMatchObject({ problem: {
    message: "The line is longer than 67,108,864 bytes.", line: 1, text: `##${"y".repeat(118)}…` } });
}, 60_000);
