// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { formatTime } from "../src/scripts/format";
import { localiseTimes } from "../src/scripts/times";

test("times are shown in the reader's zone, once, with UTC as the tooltip", () => {
  document.body.innerHTML = `<time datetime="2026-11-24T05:31:07Z"> 24 Nov 2026, 05:31 UTC </time>
    <time datetime="soon">soon</time><time>no time</time>`;
  localiseTimes(document.body);
  localiseTimes(document.body);
  const [time, wrong, none] = document.querySelectorAll("time");
  expect(time?.textContent).toBe(formatTime(new Date("2026-11-24T05:31:07Z")));
  expect(time?.title).toBe("24 Nov 2026, 05:31 UTC");
  expect([wrong?.textContent, none?.textContent]).toEqual(["soon", "no time"]);
});
