import { formatTime } from "./format";

/** Shows times in the reader's own time zone. The server writes them in UTC, which stays as the tooltip. */
export function localiseTimes(root: Element): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[datetime]:not([data-local])")) {
    const time = new Date(element.dateTime);
    if (Number.isNaN(time.getTime())) continue;
    element.title = element.textContent?.trim() ?? "";
    element.textContent = formatTime(time);
    element.dataset["local"] = "";
  }
}
