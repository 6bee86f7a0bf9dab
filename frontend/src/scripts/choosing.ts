import { announce } from "./announce";

/**
 * Boxes to tick in a list that is put in anew while jobs move: what was ticked stays ticked, the count is told, and one
 * button ticks the whole page.
 */
export function keepChosen(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-choosable]");
  if (form === null) return;
  const boxes = (): HTMLInputElement[] => [...form.querySelectorAll<HTMLInputElement>("input[name=job]")];
  const line = form.querySelector<HTMLElement>("[data-chosen-line]");
  const all = form.querySelector<HTMLButtonElement>("[data-choose-all]");
  const submit = form.querySelector<HTMLButtonElement>("button[type=submit]");
  const told = line?.textContent ?? "";
  let chosen = new Set<string>();

  const show = (): void => {
    chosen = new Set(boxes().filter(({ checked }) => checked).map(({ value }) => value));
    if (line !== null) line.textContent = chosen.size === 0 ? told : `${chosen.size} ticked`;
    if (submit !== null) submit.disabled = chosen.size === 0;
    if (all !== null) all.textContent = chosen.size > 0 && chosen.size === boxes().length ? "Tick none" : "Tick all on this page";
  };

  if (all !== null) {
    all.hidden = false;
    all.addEventListener("click", () => {
      const on = boxes().some(({ checked }) => !checked);
      for (const box of boxes()) box.checked = on;
      show();
      announce(on ? `${chosen.size} ticked` : "None ticked");
    });
  }
  form.addEventListener("change", show);
  document.body.addEventListener("htmx:afterSwap", () => {
    for (const box of boxes()) box.checked = chosen.has(box.value);
    show();
  });
  window.addEventListener("pageshow", show); // a browser that goes back ticks what was ticked
  show();
}

/** Tells the server which day it is for the reader: by how many minutes UTC is ahead of the reader's clock. */
export function tellZone(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[data-zone]")) {
    const form = field.form;
    form?.addEventListener("submit", () => {
      const day = form.querySelector<HTMLInputElement>("input[type=date]")?.value;
      field.value = String((day ? new Date(`${day}T00:00`) : new Date()).getTimezoneOffset());
      for (const input of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")) {
        // What says nothing does not belong into the address.
        if (input.value === "" || (input.name === "sort" && input.value === "newest")) input.disabled = true;
      }
      if (![...form.querySelectorAll<HTMLInputElement>("input[type=date]")].some(({ value }) => value !== "")) {
        field.disabled = true;
      }
    });
    window.addEventListener("pageshow", () => {
      for (const input of form?.querySelectorAll<HTMLInputElement>(":disabled") ?? []) input.disabled = false;
    });
  }
}
