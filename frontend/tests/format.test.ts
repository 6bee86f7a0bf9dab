import { expect, test } from "vitest";
import { formatBytes, formatCount, formatCountOf, formatDuration } from "../src/scripts/format";

test.each([
  [0, "0 bytes"], [1, "1 byte"], [1023, "1,023 bytes"], [1024, "1 KB"], [1536, "1.5 KB"], [10_000, "9.8 KB"], [10_240, "10 KB"], [153_600, "150 KB"],
  [1023.6 * 1024, "1 MB"], [1.25 * 1024 ** 3, "1.3 GB"], [5 * 1024 ** 3, "5 GB"], [2 * 1024 ** 4, "2 TB"], [2 * 1024 ** 5, "2,048 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, "1 s"], [0.4, "1 s"], [8.4, "8 s"], [59, "59 s"], [60, "1 min"], [170, "3 min"], [3600, "1 h 0 min"], [4800, "1 h 20 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test("counts have their thousands separated, and a noun in the right number", () => {
  expect([formatCount(1141), formatCountOf(1, "variant"), formatCountOf(0, "variant"), formatCountOf(20_000, "record")])
    .toEqual(["1,141", "1 variant", "0 variants", "20,000 records"]);
});
