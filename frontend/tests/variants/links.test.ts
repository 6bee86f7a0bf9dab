import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Links, ReadingError } from "../../src/scripts/variants/links";

const answer = (number: number) => ({
  seconds: 300, variants: { url: `/v${number}`, size: 100 }, results: { url: `/r${number}` }, index: { url: `/i${number}` } });
const requests: string[] = [];
let now = 0;
let responses: (Response | Error)[] = [];

beforeEach(() => {
  requests.length = 0;
  now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  vi.stubGlobal("fetch", (address: string, options: { headers: Record<string, string> }) => {
    requests.push(`${address} ${options.headers["Range"] ?? ""}`.trim());
    const next = responses.shift();
    if (next === undefined) throw new Error("a request too many");
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const links = (...given: (Response | Error)[]): Links => {
  responses = given;
  return new Links("/links");
};
const text = (bytes: ArrayBuffer): string => new TextDecoder().decode(bytes);

test("links are asked for once while they are valid, 30 seconds before their end again", async () => {
  const some = links(Response.json(answer(1)), Response.json(answer(2)));
  expect(await Promise.all([some.url("variants"), some.url("results"), some.url("index")])).toEqual(["/v1", "/r1", "/i1"]);
  now = 269_000;
  expect(await some.url("variants")).toBe("/v1");
  now = 271_000;
  expect(await some.url("variants")).toBe("/v2");
  expect(requests).toEqual(["/links", "/links"]);
});

test("a range is read, or cut from the whole", async () => {
  const some = links(Response.json(answer(1)), new Response("2345", { status: 206 }), new Response("0123456789"));
  expect(text(await some.read("variants", 2, 6))).toBe("2345");
  expect(text(await some.read("variants", 2, 6))).toBe("2345");
  expect(requests).toEqual(["/links", "/v1 bytes=2-5", "/v1 bytes=2-5"]);
});

test("an expired link is renewed once", async () => {
  const refused = () => new Response("", { status: 403 });
  const some = links(Response.json(answer(1)), refused(), Response.json(answer(2)), new Response("x", { status: 206 }));
  expect(text(await some.read("results", 0, 1))).toBe("x");
  expect(requests.at(-1)).toBe("/r2 bytes=0-0");
  responses = [refused(), Response.json(answer(3)), refused()];
  await expect(some.read("results", 0, 1)).rejects.toThrow("The results could not be read (status 403).");
});

test.each([
  [new Response("", { status: 401 }), "You are no longer signed in."], [new Response("", { status: 404 }), "These results are no longer available."],
  [new TypeError("network"), "The connection was lost."],
])("no links: %#", async (response, message) => {
  const some = links(response, Response.json(answer(1)));
  const failed = some.url("variants");
  await expect(failed).rejects.toThrow(message);
  await expect(failed).rejects.toBeInstanceOf(ReadingError);
  expect(await some.url("variants")).toBe("/v1"); // and may be asked for again
});
