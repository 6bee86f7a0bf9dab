import { describe, expect, test } from "vitest";
import rules, { anywhere, asWhole, atStart, everywhere, fill } from "../src/scripts/rules";

describe("messages", () => {
  test("are filled in as Python does it", () => {
    expect(fill("{a} of {b:,} is {c!r}", { a: 1234, b: 1234, c: "x" }, (text) => `<${text}>`)).toBe("1234 of 1,234 is <x>");
  });

  test("keep braces that values have", () => {
    expect(fill("{a}", { a: "{b}" })).toBe("{b}");
  });

  test("need all their values", () => {
    expect(() => fill("{a} {b}", { a: 1 })).toThrow("no value for b");
  });
});

test("patterns match from the start, as a whole, anywhere or everywhere", () => {
  const pattern = { source: "a|ab", flags: "i" };
  expect(["Ab", "xa"].map((text) => atStart(pattern).test(text))).toEqual([true, false]);
  expect(["ab", "abc"].map((text) => asWhole(pattern).test(text))).toEqual([true, false]);
  expect(anywhere(pattern).exec("xAb")?.[0]).toBe("A");
  expect("aXab".match(everywhere(pattern))).toEqual(["a", "a"]);
});

test("every pattern of the rules is one in JavaScript", () => {
  for (const pattern of Object.values(rules.patterns)) expect(() => asWhole(pattern)).not.toThrow();
});
