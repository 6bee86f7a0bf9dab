// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import rules from "../../src/scripts/rules";
import { partLength, waitAfter } from "../../src/scripts/upload/parts";
import { removeSession, RESUMED_WITHIN, savedSession, saveSession, sessionName } from "../../src/scripts/upload/upload-session";

const MB = 1024 ** 2;

describe("parts", () => {
  test("have the size that the service gives links for", () => {
    expect(rules.parts.bytes).toBe(16 * MB);
  });

  test.each([[40 * MB, [16, 16, 8]], [32 * MB, [16, 16]], [5 * MB, [5]]])("of %d bytes", (size, lengths) => {
    expect(lengths.map((_, at) => partLength(size, at + 1, 16 * MB) / MB)).toEqual(lengths);
  });

  test("are tried again after longer and longer waits", () => {
    expect([1, 2, 3, 4, 5, 6, 40].map(waitAfter)).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });
});

describe("a session", () => {
  const file = new File(["x"], "a.vcf", { lastModified: 7 });
  const session = { key: "u/j/a.vcf", uploadId: "id", waiting: "/annotations/j", at: 1_000_000 };

  beforeEach(() => { vi.useFakeTimers({ now: session.at }); });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    localStorage.clear();
  });

  test("is that of a file's name, size and time", () => {
    expect(sessionName(file)).toBe("gas-upload:a.vcf:1:7");
  });

  test("is kept until the storage drops the upload", () => {
    saveSession("n", session);
    vi.setSystemTime(session.at + RESUMED_WITHIN - 1);
    expect(savedSession("n")).toEqual(session);
    vi.setSystemTime(session.at + RESUMED_WITHIN);
    expect(savedSession("n")).toBeNull();
  });

  test("can be removed", () => {
    saveSession("n", session);
    removeSession("n");
    expect(savedSession("n")).toBeNull();
  });

  test("is none where the browser stores something else, or nothing", () => {
    localStorage.setItem("n", "no JSON");
    expect(savedSession("n")).toBeNull();
    const refused = (): never => { throw new DOMException("disabled", "SecurityError"); };
    vi.stubGlobal("localStorage", { getItem: refused, setItem: refused, removeItem: refused });
    const logged = vi.spyOn(console, "info").mockImplementation(() => undefined);
    saveSession("n", session);
    removeSession("n");
    expect(logged).toHaveBeenCalledTimes(2);
    expect(savedSession("n")).toBeNull();
  });
});
