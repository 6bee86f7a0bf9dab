import htmx from "htmx.org";
import { announce } from "./announce";

const FIRST_DELAY = 1500;
const LONGEST_DELAY = 15_000;
const SLOWING = 1.25;

let delay = FIRST_DELAY;
let timer: number | undefined;

// The server marks what it would like asked about again; once nothing moves any more it leaves the mark out.
const liveElement = (): HTMLElement | null => document.querySelector<HTMLElement>("[data-live]");

/**
 * Asks for the live part of the page again and again: soon after a change, ever less often while nothing happens,
 * not at all while the tab is hidden or once everything has ended.
 */
export function keepLive(): void {
  if (liveElement() === null) return;
  let said = liveElement()?.dataset["announce"] ?? "";

  let focusInside = false;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { target } = event as CustomEvent & { target: Element };
    focusInside = target.contains(document.activeElement);
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    // What had the focus may be gone with the old state of the job: the keyboard goes on at the content, not at the top.
    if (focusInside && document.activeElement === document.body) document.getElementById("content")?.focus();
    focusInside = false;
    const says = document.querySelector<HTMLElement>("[data-announce]")?.dataset["announce"] ?? "";
    if (says === said) return;
    said = says;
    delay = FIRST_DELAY;
    announce(says);
  });
  document.body.addEventListener("htmx:afterRequest", schedule);
  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(timer);
    if (!document.hidden) ask();
  });
  schedule();
}

function schedule(): void {
  window.clearTimeout(timer);
  if (document.hidden || liveElement() === null) return;
  timer = window.setTimeout(ask, delay);
  delay = Math.min(LONGEST_DELAY, delay * SLOWING);
}

function ask(): void {
  const element = liveElement();
  if (element !== null) htmx.trigger(element, "poll");
}
