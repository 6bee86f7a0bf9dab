import { expect, test } from "vitest";
import { UploadSpeed } from "../../src/scripts/upload/upload-speed";

const MB = 1024 ** 2;

/** The line after each of some marks: seconds, and bytes sent of 100 MB. */
function lines(...marks: [number, number][]): string[] {
  let now = 0;
  const speed = new UploadSpeed(() => now);
  return marks.map(([seconds, loaded]) => {
    now = seconds;
    return speed.line(loaded, 100 * MB);
  });
}

test("the first half second says no speed yet", () => {
  expect(lines([0, 0], [0.4, MB])).toEqual(["0 bytes of 100 MB", "1 MB of 100 MB"]);
});

test("speed and time left", () => {
  expect(lines([0, 0], [2, 20 * MB])[1]).toBe("20 MB of 100 MB at 10 MB/s, 8 s left");
});

test("the speed is that of the last seconds", () => {
  expect(lines([0, 0], [10, 50 * MB], [19, 59 * MB]).at(-1)).toBe("59 MB of 100 MB at 1 MB/s, 41 s left");
});

test("a connection that stands still", () => {
  expect(lines([0, MB], [5, MB])[1]).toBe("1 MB of 100 MB. Waiting for connection…");
});

test("nothing is left at the end", () => {
  expect(lines([0, 0], [10, 100 * MB])[1]).toBe("100 MB of 100 MB at 10 MB/s");
});

test("a part that is sent again does not count backwards", () => {
  expect(lines([0, 0], [3, 30 * MB], [4, 28 * MB], [6, 38 * MB])).toEqual(["0 bytes of 100 MB",
    "30 MB of 100 MB at 10 MB/s, 7 s left", "30 MB of 100 MB", "38 MB of 100 MB at 5 MB/s, 12 s left"]);
});

test("a pause does not count as time of sending", () => {
  let now = 0;
  const speed = new UploadSpeed(() => now);
  speed.line(0, 100 * MB);
  now = 5;
  speed.line(50 * MB, 100 * MB);
  speed.restart();
  now = 65;
  speed.line(50 * MB, 100 * MB);
  now = 67;
  expect(speed.line(70 * MB, 100 * MB)).toBe("70 MB of 100 MB at 10 MB/s, 3 s left");
});
