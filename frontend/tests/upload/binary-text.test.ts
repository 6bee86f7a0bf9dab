import { expect, test } from "vitest";
import { isBlank, latin1, occurrences, stripped, words } from "../../src/scripts/upload/binary-text";

test("every byte is one character of the same number", () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => at % 256);
  expect([...latin1(bytes)].map((character) => character.charCodeAt(0))).toEqual([...bytes]);
});

test("blank is what Python takes for it: bytes of UTF-8 are not", () => {
  expect(["", " \t\n\r\f\v", "\xa0", "\x85"].map(isBlank)).toEqual([true, true, false, false]);
  expect(stripped(" \xa0a b\v")).toBe("\xa0a b");
  expect(words(" a\tb\xa0c \n")).toEqual(["a", "b\xa0c"]);
});

test("occurrences of a character", () => {
  expect([occurrences("", "\t"), occurrences("\ta\t\t", "\t")]).toEqual([0, 3]);
});
