// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { problemOf, storageProblem } from "../../src/scripts/upload/problems";

const LIMITS = { bytes: 150 * 1024, longestName: 255, extensions: [".vcf", ".vcf.gz", ".vcf.bgz"], premium: false };

describe("name and size", () => {
  test.each(["a.vcf", "A.VCF.GZ", "größe 🧬.vcf.bgz", `${"🧬".repeat(251)}.vcf`])("%.20s is taken", (name) => {
    expect(problemOf(name, 150 * 1024, LIMITS)).toBeNull();
  });

  test.each([
    ["a.txt", 1, "“a.txt” is not named like a VCF file.", "GAS reads files whose names end in .vcf, .vcf.gz, .vcf.bgz."],
    [`${"x".repeat(252)}.vcf`, 1, "The file's name has 256 characters; 255 is the limit.", "Rename the file and upload it again."],
    ["a/b.vcf", 1, "The file's name has a slash, a backslash or a control character in it.", "Rename the file and upload it again."],
    ["\u202efcv.vcf", 1, "The file's name has a slash, a backslash or a control character in it.", "Rename the file and upload it again."],
    ["a\x85.vcf", 1, "The file's name has a slash, a backslash or a control character in it.", "Rename the file and upload it again."],
    ["a.vcf", 0, "“a.vcf” is empty.", "Choose a file with VCF records in it."],
  ])("%.20j of %d bytes is refused", (name, size, message, hint) => {
    expect(problemOf(name, size, LIMITS)).toEqual({ message, hint });
  });

  test("a file that is too large: compressing or Premium may help", () => {
    expect(problemOf("a.vcf", 150 * 1024 + 1, LIMITS)).toEqual({ message: "The file has 150 KB; your limit is 150 KB.",
      hint: "Compressing it with bgzip may be enough. Premium takes larger files.", premiumHelps: true });
    expect(problemOf("a.vcf.gz", 2 ** 40, { ...LIMITS, premium: true })).toEqual({
      message: "The file has 1 TB; your limit is 150 KB.", hint: "Split the file, for instance by chromosome.", premiumHelps: false });
  });
});

test.each([
  [400, "<Error><Code>EntityTooLarge</Code></Error>", "The file is larger than your limit of 150 KB."],
  [400, "<Error><Code>EntityTooSmall</Code></Error>", "The file is empty."],
  [403, "<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>",
    "The permission to upload ran out before the file had arrived."],
  [503, "<Error><Code>SlowDown</Code></Error>", "The storage is busy just now."],
  [429, "", "The storage is busy just now."],
  [403, "<Error><Code>AccessDenied</Code><Message>x</Message></Error>", "The storage refused the file (AccessDenied)."],
  [400, "not xml at all", "The storage refused the file (status 400)."],
])("the storage answers %d %s", (status, xml, message) => {
  expect(storageProblem(status, xml, "a.vcf", LIMITS).message).toBe(message);
});
