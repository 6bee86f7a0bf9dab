/** How long a browser may need to start a download, in milliseconds. */
const DOWNLOAD_STARTS_WITHIN = 60_000;

/** Saves a file through the browser's downloads. */
export function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_STARTS_WITHIN);
}
