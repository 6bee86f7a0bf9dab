import { describe, expect, test } from "vitest";
import { filtersOf, fromAddress, toAddress } from "../../src/scripts/variants/state";

const EMPTY = { gene: "", region: "", consequence: "", impacts: [], known: "", text: "", sort: null, columns: null, variant: "" };

describe("the address", () => {
  test("without a query", () => {
    expect(fromAddress("")).toEqual(EMPTY);
    expect(toAddress(fromAddress(""), "")).toBe("");
  });

  test.each([
    "?gene=TP53", "?region=22:1-5&impact=HIGH,LOW", "?known=novel&q=a+b", "?sort=-pos", "?sort=gene&columns=gene,pos", "?columns=",
    "?variant=MT:3243:A:G", "?consequence=stop_gained",
  ])("%s is kept as it is", (search) => {
    expect(toAddress(fromAddress(search), search)).toBe(search);
  });

  test("other parts of the query stay", () => {
    expect(toAddress({ ...fromAddress("?gene=A&page=2"), gene: "B" }, "?gene=A&page=2")).toBe("?page=2&gene=B");
  });

  test("values that are none are left out", () => {
    expect(fromAddress("?impact=high,none,&known=perhaps&gene=%20A%20")).toEqual({ ...EMPTY, impacts: ["HIGH"], gene: "A" });
  });
});

describe("filters", () => {
  test("of several genes", () => {
    expect(filtersOf({ ...fromAddress(""), gene: "TP53, BRCA1;MLH1  A" }).filters.genes).toEqual(["TP53", "BRCA1", "MLH1", "A"]);
  });

  test("all impacts are no filter", () => {
    expect(filtersOf(fromAddress("?impact=HIGH,MODERATE,LOW,MODIFIER")).filters.impacts).toEqual([]);
  });

  test("a region that cannot be read is a problem", () => {
    expect(filtersOf(fromAddress("?region=22:x")).problem).toContain("22:20,000,000-20,100,000");
    expect(filtersOf(fromAddress("?region=22:5")).problem).toBe("");
  });

  test.each([
    ["3243", "such as MT:3243"], ["20050000-20060000", "such as MT:20050000-20060000"], ["20,050,000", "such as MT:20,050,000"],
    ["MT:9-2", "did you mean 2-9?"],
  ])("%s is no region, and the message says what to do", (region, words) => {
    const { filters, problem } = filtersOf({ ...fromAddress(""), region });
    expect(problem).toContain(words);
    expect(filters.region).toBeNull();
  });

  test.each([["22", 1, Infinity], ["MT:3,243 A>G", 3243, 3243], ["MT:3243 AT><DEL>", 3243, 3243], ["chrM:5-9", 5, 9]])(
    "%s is one", (region, start, end) => {
      const { filters, problem } = filtersOf({ ...fromAddress(""), region });
      expect([problem, filters.region?.start, filters.region?.end]).toEqual(["", start, end]);
    });
});
