const MOST_MESSAGES = 5;

/**
 * Has screen readers say a text once they have finished what they are reading.
 *
 * Every page has one polite live region whose additions are read out. Messages are appended to it, so that two in quick
 * succession are both read.
 */
export function announce(text: string): void {
  const region = document.getElementById("announcer");
  if (region === null || region.lastElementChild?.textContent === text) return;
  const message = document.createElement("p");
  message.textContent = text;
  region.append(message);
  while (region.childElementCount > MOST_MESSAGES) region.firstElementChild?.remove();
}
