import { announce } from "./announce";

/**
 * Checkboxes of a list that is replaced while jobs make progress: ticked jobs stay ticked, their number is shown, and
 * one button ticks the whole page.
 */
export function keepSelection(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-choosable]");
  if (form === null) return;
  const boxes = (): HTMLInputElement[] => [...form.querySelectorAll<HTMLInputElement>("input[name=job]")];
  const line = form.querySelector<HTMLElement>("[data-chosen-line]");
  const all = form.querySelector<HTMLButtonElement>("[data-choose-all]");
  const submit = form.querySelector<HTMLButtonElement>("button[type=submit]");
  const emptyText = line?.textContent ?? "";
  let selected = new Set<string>();

  const show = (): void => {
    selected = new Set(boxes().filter(({ checked }) => checked).map(({ value }) => value));
    if (line !== null) line.textContent = selected.size === 0 ? emptyText : `${selected.size} selected`;
    if (submit !== null) submit.disabled = selected.size === 0;
    if (all !== null) all.textContent = selected.size > 0 && selected.size === boxes().length ? "Clear selection" : "Select all on this page";
  };

  if (all !== null) {
    all.hidden = false;
    all.addEventListener("click", () => {
      const on = boxes().some(({ checked }) => !checked);
      for (const box of boxes()) box.checked = on;
      show();
      announce(on ? `${selected.size} selected` : "None selected");
    });
  }
  form.addEventListener("change", show);
  document.body.addEventListener("htmx:afterSwap", () => {
    for (const box of boxes()) box.checked = selected.has(box.value);
    show();
  });
  window.addEventListener("pageshow", show); // going back restores the ticks without an event
  show();
}

/** Sends the reader's time zone with dates, as the minutes by which UTC is ahead: the server finds out which day is meant. */
export function sendTimeZone(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[data-zone]")) {
    const form = field.form;
    form?.addEventListener("submit", () => {
      const day = form.querySelector<HTMLInputElement>("input[type=date]")?.value;
      field.value = String((day ? new Date(`${day}T00:00`) : new Date()).getTimezoneOffset());
      for (const input of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("input, select")) {
        // Fields without an effect stay out of the address.
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
