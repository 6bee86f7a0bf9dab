import { announce } from "./announce";
import { save } from "./download";

interface Part {
  profile: unknown;
  annotations: unknown[];
  files: { path: string; link: string }[];
  links_expire: number;
  next: string | null;
}

/**
 * Downloads a user's own data. A long list of annotations comes in several parts: this fetches all of them and saves one
 * file. Without JavaScript the links download the first part, which names the next.
 */
export function mount(root: HTMLElement): void {
  const address = root.dataset["address"] ?? "";
  const line = root.querySelector<HTMLElement>("[data-line]");
  const offer = (selector: string, name: string, render: (parts: Part[]) => string, type: string): void => {
    root.querySelector(selector)?.addEventListener("click", (event) => {
      event.preventDefault();
      collect(address, (count) => {
        if (line !== null) line.textContent = `${count} jobs collected…`;
      }).then((parts) => {
        save(new Blob([render(parts)], { type }), name);
        if (line !== null) line.textContent = `${name} saved.`;
        announce(`${name} saved.`);
      }, () => {
        if (line !== null) line.textContent = "The export could not be completed. Check your connection and try again.";
      });
    });
  };
  offer("[data-records]", "gas-data.json", records, "application/json");
  offer("[data-files]", "gas-files.txt", files, "text/plain");
}

async function collect(address: string, onPart: (count: number) => void): Promise<Part[]> {
  const parts: Part[] = [];
  for (let next: string | null = address; next !== null;) {
    const answer = await fetch(next, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) throw new Error(`the export was refused: ${answer.status}`);
    const part = await answer.json() as Part;
    parts.push(part);
    next = part.next;
    if (next !== null) onPart(parts.reduce((sum, { annotations }) => sum + annotations.length, 0));
  }
  return parts;
}

function records(parts: Part[]): string {
  return JSON.stringify({
    profile: parts[0]?.profile,
    annotations: parts.flatMap(({ annotations }) => annotations),
    files: parts.flatMap((part) => part.files),
    links_expire: parts[0]?.links_expire,
  }, null, 1);
}

const files = (parts: Part[]): string =>
  parts.flatMap((part) => part.files).map(({ path, link }) => `${link}\n  out=${path}\n`).join("");
