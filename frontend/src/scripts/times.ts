const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Shows every time in the reader's own zone; the page came with UTC, which stays as the tooltip. */
export function localiseTimes(root: Element): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[datetime]:not([data-local])")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title = element.textContent?.trim() ?? "";
    element.textContent = format.format(moment);
    element.dataset["local"] = "";
  }
}
