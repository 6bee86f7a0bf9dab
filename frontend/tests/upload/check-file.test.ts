import { describe, expect, test } from "vitest";
import { checkFile } from "../../src/scripts/upload/check-file";
import { BGZIP_END, bgzip, bytesOf, check, COLUMNS, gzip, HEADER, RECORD } from "./files";

const SAMPLES = `##fileformat=VCFv4.3\n${COLUMNS.trimEnd()}\tFORMAT\tHG002\tHG003\n`;

describe("a file that is right", () => {
  test.each([
    ["plain", HEADER + RECORD, 1],
    ["with Windows line ends", (HEADER + RECORD + RECORD).replaceAll("\n", "\r\n"), 2],
    ["with a byte order mark", `\xef\xbb\xbf${HEADER}${RECORD}`, 1],
    ["without a line end at its end", HEADER + RECORD.trimEnd(), 1],
    ["without records", HEADER, 0],
    ["with blank lines", `${HEADER}\n${RECORD}\n\n`, 1],
    ["without ##fileformat", COLUMNS + RECORD, 1],
    ["with a header line of one #", `##fileformat=VCFv4.2\n#source x\n${COLUMNS}${RECORD}`, 1],
  ])("%s", async (_, content, records) => {
    const report = await check(content);
    expect(report.problem).toBeNull();
    expect(report).toMatchObject({ compression: "plain", version: "4.2", samples: 0, records, complete: true });
  });

  test("has samples and a version", async () => {
    const report = await check(SAMPLES, `${RECORD.trimEnd()}\tGT\t0|1\t./.\n`);
    expect(report).toMatchObject({ problem: null, version: "4.3", samples: 2, records: 1 });
  });

  test("is longer than what is read", async () => {
    const line = `MT\t263\t.\tA\tG\t.\t.\tX=${"x".repeat(1 << 20)}\n`;
    const report = await check(HEADER, ...Array<string>(30).fill(line));
    expect(report).toMatchObject({ problem: null, complete: false });
    expect(report.records).toBeGreaterThan(20);
    expect(report.records).toBeLessThan(30);
  });

  test("has a header only after 24 MB", async () => {
    const long = `##x=${"x".repeat(1 << 20)}\n`;
    const report = await check(`##fileformat=VCFv4.2\n${long.repeat(26)}${COLUMNS}${RECORD.replace("263", "x")}`);
    expect(report.problem).toMatchObject({ line: 29, column: 2 });
  });
});

describe("a compressed file", () => {
  test("of one gzip member", async () => {
    expect(await check(await gzip(HEADER + RECORD.repeat(3)))).toMatchObject({ problem: null, compression: "gzip", records: 3 });
  });

  test.each([
    ["xz", "\xfd7zXZ\0...", "converted"], ["zstd", "\x28\xb5\x2f\xfd...", "converted"], ["BCF", "BCF\x02\x02...", "converted"],
  ])("in %s is left to the annotator", async (_, content, compression) => {
    const report = await check(bytesOf(content));
    expect(report).toMatchObject({ problem: null, compression, records: 0, complete: false, readable: false });
  });

  test("of bgzip with BCF in it is left to the annotator", async () => {
    const report = await check(await bgzip(`BCF\x02\x02${"x".repeat(500)}`));
    expect(report).toMatchObject({ problem: null, compression: "bgzip", records: 0, complete: false, readable: false });
  });

  test("of bgzip blocks that lines span", async () => {
    const report = await check(await bgzip(HEADER + RECORD.repeat(20)));
    expect(report).toMatchObject({ problem: null, compression: "bgzip", records: 20, complete: true });
  });

  test("is checked like a plain one", async () => {
    const bad = HEADER + RECORD + RECORD.replace("263", "26x");
    for (const content of [await gzip(bad), await bgzip(bad)]) {
      expect((await check(content)).problem).toMatchObject({ message: "POS '26x' is not a valid position.", line: 4 });
    }
  });

  test.each([
    ["within the header", "##fileformat=VCF", `v4.2\n${COLUMNS}${RECORD}`, 0],
    ["within a record", `${HEADER}${RECORD}MT\t`, RECORD.slice(3), 1],
    ["between records", HEADER + RECORD, RECORD, 1],
    ["before anything", "", HEADER + RECORD, 0],
  ])("of several members is checked up to the end of the first: %s", async (_, first, second, records) => {
    expect(await check(await gzip(first), await gzip(second))).toMatchObject({ problem: null, records, complete: false });
  });

  test("of several members may have a fault in the first", async () => {
    const report = await check(await gzip(HEADER + RECORD.replace("263", "x")), await gzip(RECORD));
    expect(report).toMatchObject({ problem: { line: 3, column: 2 }, complete: false });
  });

  test.each([
    ["Junk found after end of compressed data.", null],
    ["Unexpected input after the end of stream", null],
    ["Extra bytes past the end.", null],
    ["Compressed input was truncated.", "The gzip file is truncated after 0 uncompressed bytes."],
    ["The input is ended without reaching the stream end", "The gzip file is truncated after 0 uncompressed bytes."],
    ["Failed to Decode Data.", "The gzip file is damaged after 0 uncompressed bytes."],
  ])("of which a browser says %j", async (message, problem) => {
    const file = new Blob([await gzip(HEADER)]);
    file.stream = () => new ReadableStream({ start: (controller) => controller.error(new TypeError(message)) });
    const report = await checkFile(file, new AbortController().signal);
    expect(report.problem?.message ?? null).toBe(problem);
  });

  test("may have bytes after the end of bgzip", async () => {
    const report = await check(await bgzip(HEADER + RECORD), "x".repeat(140_000));
    expect(report).toMatchObject({ problem: null, records: 1, complete: true });
  });

  test("of which the end is missing", async () => {
    const whole = await bgzip(HEADER + RECORD);
    expect((await check(whole.slice(0, -BGZIP_END.length))).problem?.message).toBe(
      "The bgzip file is truncated: the block that marks its end is missing.");
    const packed = await gzip(HEADER + RECORD.repeat(50));
    expect((await check(packed.slice(0, -12))).problem?.message).toMatch(
      /^The gzip file is truncated after [\d,]+ uncompressed bytes\.$/);
  });

  test("that is damaged", async () => {
    const damaged = await gzip(HEADER + RECORD);
    damaged.fill(255, 12, 24);
    expect((await check(damaged)).problem?.message).toMatch(/^The gzip file is damaged after \d+ uncompressed bytes\.$/);
    const blocks = await bgzip(HEADER + RECORD);
    blocks.fill(255, 22, 30);
    expect((await check(blocks)).problem).toMatchObject({ message: "The gzip file is damaged after 0 uncompressed bytes." });
  });

  test("of nothing", async () => {
    expect((await check(await gzip(""))).problem?.message).toBe("The file has no content.");
    expect((await check(BGZIP_END)).problem?.message).toBe("The file has no content.");
  });
});

test("stops when the file is removed", async () => {
  const removed = new AbortController();
  removed.abort();
  await expect(checkFile(new Blob([bytesOf(HEADER + RECORD)]), removed.signal)).rejects.toThrow("abort");
});

test("a file that cannot be read is no problem of its content", async () => {
  const broken = new Blob([HEADER]);
  broken.slice = () => { throw new DOMException("gone", "NotReadableError"); };
  await expect(checkFile(broken, new AbortController().signal)).rejects.toThrow("gone");
});
