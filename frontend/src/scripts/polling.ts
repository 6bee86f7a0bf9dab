import htmx from "htmx.org";
import { announce } from "./announce";

const SHORTEST_DELAY = 1500;
const LONGEST_DELAY = 15_000;
const BACKOFF = 1.25;

let delay = SHORTEST_DELAY;
let timer: number | undefined;

// The server marks what should be polled, now or after as many seconds as the mark says; once nothing will change any
// more, the mark is missing.
const liveElement = (): HTMLElement | null => document.querySelector<HTMLElement>("[data-live]");

const LONGEST_TIMER = 2 ** 31 - 1;
const due = new WeakMap<HTMLElement, number>();

/** Milliseconds until an element should be polled. */
function untilDue(element: HTMLElement): number {
  const now = performance.now();
  const at = due.get(element) ?? now + Number(element.dataset["live"] ?? 0) * 1000;
  due.set(element, at);
  return Math.max(0, at - now);
}

/**
 * Polls the live part of the page: soon after a change, less and less often while nothing happens, and not at all while
 * the tab is hidden or once every job has ended.
 */
export function startPolling(): void {
  if (liveElement() === null) return;
  let announced = liveElement()?.dataset["announce"] ?? "";

  let focusInside = false;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const { target } = event as CustomEvent & { target: Element };
    focusInside = target.contains(document.activeElement);
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    // The element with the focus may have been replaced: the keyboard goes on at the content, not at the top of the page.
    if (focusInside && document.activeElement === document.body) document.getElementById("content")?.focus();
    focusInside = false;
    const text = document.querySelector<HTMLElement>("[data-announce]")?.dataset["announce"] ?? "";
    if (text === announced) return;
    announced = text;
    delay = SHORTEST_DELAY;
    announce(text);
  });
  document.body.addEventListener("htmx:afterRequest", schedule);
  document.addEventListener("visibilitychange", () => {
    window.clearTimeout(timer);
    const element = liveElement();
    if (element !== null && untilDue(element) > 0) schedule();
    else if (!document.hidden) poll();
  });
  schedule();
}

function schedule(): void {
  window.clearTimeout(timer);
  const element = liveElement();
  if (document.hidden || element === null) return;
  const wait = untilDue(element);
  timer = window.setTimeout(poll, Math.min(LONGEST_TIMER, Math.max(delay, wait)));
  if (wait === 0) delay = Math.min(LONGEST_DELAY, delay * BACKOFF);
}

function poll(): void {
  const element = liveElement();
  if (element !== null) htmx.trigger(element, "poll");
}
