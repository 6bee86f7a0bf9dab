import { announce } from "./announce";

/** Shows the copy buttons, which do nothing without a script, where the browser lets pages write to the clipboard. */
export function showCopyButtons(root: Element): void {
  if (!("clipboard" in navigator)) return;
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    if (!button.hidden) continue;
    button.hidden = false;
    button.addEventListener("click", () => void copy(button));
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const label = button.querySelector("[data-copy-label]");
  let outcome = "Copied";
  try {
    await navigator.clipboard.writeText(button.dataset["copy"] ?? "");
  } catch {
    outcome = "Copying is not allowed";
  }
  announce(outcome);
  if (label === null) return;
  label.textContent = outcome;
  window.setTimeout(() => { label.textContent = "Copy"; }, 2000);
}
