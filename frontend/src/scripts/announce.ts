const MOST_KEPT = 5;

/**
 * Has screen readers say `text` when they are next silent.
 *
 * Every page has one polite live region, of which additions are read. A message is added to those before it, so that
 * two within a moment are both read.
 */
export function announce(text: string): void {
  const region = document.getElementById("announcer");
  if (region === null || region.lastElementChild?.textContent === text) return;
  const message = document.createElement("p");
  message.textContent = text;
  region.append(message);
  while (region.childElementCount > MOST_KEPT) region.firstElementChild?.remove();
}
