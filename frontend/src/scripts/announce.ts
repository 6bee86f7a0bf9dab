/** Has screen readers say `text` when they are next silent. Every page carries one polite live region for it. */
export function announce(text: string): void {
  const region = document.getElementById("announcer");
  if (region !== null && region.textContent !== text) region.textContent = text;
}
