// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { problemOf, storageProblem } from "../../src/scripts/upload/problems";

const LIMITS = { bytes: 150 * 1024, longestName: 255, extensions: [".vcf", ".vcf.gz", ".vcf.bgz"], premium: false };

describe("name and size", () => {
  test.each(["a.vcf", "A.VCF.GZ", "größe 🧬.vcf.bgz", `${"🧬".repeat(251)}.vcf`])("%.20s is taken", (name) => {
    expect(problemOf(name, 150 * 1024, LIMITS)).toBeNull();
  });

  test.each([
    ["a.txt", 1, "“a.txt” does not have a VCF file extension.", "GAS accepts files ending in .vcf, .vcf.gz, .vcf.bgz."],
    [`${"x".repeat(252)}.vcf`, 1, "The file name is too long (256 characters; the maximum is 255).", "Rename the file and upload it again."],
    ["a/b.vcf", 1, "The file name contains a slash, backslash or control character.", "Rename the file and upload it again."],
    ["\u202efcv.vcf", 1, "The file name contains a slash, backslash or control character.", "Rename the file and upload it again."],
    ["a\x85.vcf", 1, "The file name contains a slash, backslash or control character.", "Rename the file and upload it again."],
    ["a.vcf", 0, "“a.vcf” is empty.", "Choose a file with VCF records in it."],
  ])("%.20j of %d bytes is refused", (name, size, message, hint) => {
    expect(problemOf(name, size, LIMITS)).toEqual({ message, hint });
  });

  test("a file that is too large: compressing or Premium may help", () => {
    expect(problemOf("a.vcf", 150 * 1024 + 1, LIMITS)).toEqual({ message: "The file is 150 KB; your limit is 150 KB.",
      hint: "Compressing it (gzip or bgzip) may make it small enough. Premium allows larger files.", premiumHelps: true });
    expect(problemOf("a.vcf.gz", 2 ** 40, { ...LIMITS, premium: true })).toEqual({
      message: "The file is 1 TB; your limit is 150 KB.", hint: "Split the file, for example by chromosome.", premiumHelps: false });
  });
});

test.each([
  [400, "<Error><Code>EntityTooLarge</Code></Error>", "The file exceeds your limit of 150 KB."],
  [400, "<Error><Code>EntityTooSmall</Code></Error>", "The file is empty."],
  [403, "<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>",
    "The upload link expired before the upload finished."],
  [503, "<Error><Code>SlowDown</Code></Error>", "Storage is busy."],
  [429, "", "Storage is busy."],
  [403, "<Error><Code>AccessDenied</Code><Message>x</Message></Error>", "The upload was rejected (AccessDenied)."],
  [400, "not xml at all", "The upload was rejected (status 400)."],
])("the storage answers %d %s", (status, xml, message) => {
  expect(storageProblem(status, xml, "a.vcf", LIMITS).message).toBe(message);
});
