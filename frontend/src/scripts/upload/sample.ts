import { upload, UploadFailed } from "./post";

const NO_LIMITS = { bytes: Infinity, longestName: 255, extensions: [".vcf"], premium: true };

/** Makes the link to the sample file upload it in one click, as any file is. Without JavaScript the link downloads it. */
export function trySample(link: HTMLAnchorElement): void {
  const status = document.querySelector<HTMLElement>("[data-sample-line]");
  const show = (line: string): void => {
    if (status !== null) status.textContent = line;
  };
  link.removeAttribute("download");
  link.setAttribute("role", "button");
  link.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      link.click();
    }
  });
  let busy = false;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    show("Uploading the sample…");
    send(link).then((waiting) => window.location.assign(waiting), (failure: unknown) => {
      busy = false;
      show(failure instanceof UploadFailed ? `${failure.problem.message} ${failure.problem.hint}`
        : "The sample could not be uploaded. Check your connection and try again.");
    });
  });
}

async function send(link: HTMLAnchorElement): Promise<string> {
  const answer = await fetch(link.href);
  if (!answer.ok) throw new Error(`the sample is not there: ${answer.status}`);
  const file = new File([await answer.blob()], link.dataset["sample"] ?? "sample.vcf", { type: "text/plain" });
  const details = { note: "Sample file", reference: link.dataset["reference"] ?? "", shift3prime: "no", layer: null };
  return upload(link.dataset["upload"] ?? "", file, details, NO_LIMITS, new AbortController().signal, () => undefined);
}
