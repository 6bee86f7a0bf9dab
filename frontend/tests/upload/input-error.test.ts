import { expect, test } from "vitest";
import { decodeUtf8, InputError, quote, repr, valueInMessage } from "../../src/scripts/upload/input-error";

test("an error has the annotator's sentence, its hint and the place", () => {
  const error = new InputError("wrong_column", { line: 2, column: 6, field: "QUAL", text: "a\tb" }, { found: "Qual", wanted: "QUAL" });
  expect(error.code).toBe("wrong_header_columns");
  expect(error.problem).toEqual({
    message: "Column 6 of the #CHROM line is 'Qual'; it should be 'QUAL'.", line: 2, column: 6, field: "QUAL", text: "a\tb",
    hint: "The columns are #CHROM POS ID REF ALT QUAL FILTER INFO, then FORMAT and the samples, separated by tabs." });
});

test("a hint is the given one, that of the finding, or that of the code", () => {
  const values = { said: "VCF4.2", meant: "VCFv4.2" };
  expect(new InputError("version_misspelt", {}, values).problem.hint).toBe("Write ##fileformat=VCFv4.2.");
  expect(new InputError("version_misspelt", { hint: "Other." }, values).problem.hint).toBe("Other.");
  expect(new InputError("no_content", { hint: null }).problem.hint).toContain("whole file was transferred");
});

test("a finding without one of its values is a fault of ours", () => {
  expect(() => new InputError("line_too_long")).toThrow("no value for limit");
});

test.each([
  ["abc", "abc"], ["r\xc3\xbc", "rü"], ["\xf0\x9f\xa7\xac", "🧬"], ["\xff", "\\xff"], ["\xc3", "\\xc3"], ["\xc3(", "\\xc3("],
  ["\xe2\x82", "\\xe2\\x82"], ["\xed\xa0\x80", "\\xed\\xa0\\x80"], ["\xef\xbb\xbfa", "\ufeffa"],
])("bytes %j are the text %j", (bytes, text) => {
  expect(decodeUtf8(bytes)).toBe(text);
});

test("a quotation is short, and has nothing that cannot be printed", () => {
  expect(quote("a\tb\x07\xe2\x80\x8b c")).toBe("a\tb\\x07\\x200b c");
  expect(quote("x".repeat(120))).toBe("x".repeat(120));
  expect(quote("x".repeat(121))).toBe(`${"x".repeat(120)}…`);
  expect(quote("xyz", 2)).toBe("xy…");
});

test("a value in a message has 40 characters at most, whatever their bytes", () => {
  expect(valueInMessage("\xf0\x9f\xa7\xac".repeat(50))).toBe("🧬".repeat(40));
});

test.each([
  ["a", "'a'"], ["it's", `"it's"`], [`it's "x"`, `'it\\'s "x"'`], ["a\\b", "'a\\\\b'"], ["\t\n\r", "'\\t\\n\\r'"],
  ["\x07", "'\\x07'"], ["\u200b", "'\\u200b'"], ["\u{e0001}", "'\\U000e0001'"], ["ü🧬", "'ü🧬'"], ["\xa0", "'\\xa0'"],
])("Python's repr of %j is %s", (text, written) => {
  expect(repr(text)).toBe(written);
});
