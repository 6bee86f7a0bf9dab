import { announce } from "./announce";

interface Part {
  profile: unknown;
  annotations: unknown[];
  files: { path: string; link: string }[];
  links_expire: number;
  next: string | null;
}

/**
 * Very many annotations come in parts: this fetches all of them and saves one file. Without it the links download the
 * first part, which names the next.
 */
export function mount(root: HTMLElement): void {
  const address = root.dataset["address"] ?? "";
  const line = root.querySelector<HTMLElement>("[data-line]");
  const take = (selector: string, name: string, made: (parts: Part[]) => string, type: string): void => {
    root.querySelector(selector)?.addEventListener("click", (event) => {
      event.preventDefault();
      collect(address, (count) => {
        if (line !== null) line.textContent = `${count} annotations collected…`;
      }).then((parts) => {
        save(name, new Blob([made(parts)], { type }));
        if (line !== null) line.textContent = `${name} is saved.`;
        announce(`${name} is saved.`);
      }, () => {
        if (line !== null) line.textContent = "Not all of it could be fetched. Check your connection and try again.";
      });
    });
  };
  take("[data-records]", "gas-data.json", records, "application/json");
  take("[data-files]", "gas-files.txt", files, "text/plain");
}

async function collect(address: string, told: (count: number) => void): Promise<Part[]> {
  const parts: Part[] = [];
  for (let next: string | null = address; next !== null;) {
    const answer = await fetch(next, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) throw new Error(`the export was refused: ${answer.status}`);
    const part = await answer.json() as Part;
    parts.push(part);
    next = part.next;
    if (next !== null) told(parts.reduce((sum, { annotations }) => sum + annotations.length, 0));
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

function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
