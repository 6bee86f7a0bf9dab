import { UploadPage } from "./upload/form";
import { trySample } from "./upload/sample";

const form = document.querySelector<HTMLFormElement>("form[data-upload]");
if (form !== null) {
  new UploadPage(form, {
    bytes: Number(form.dataset["limit"]),
    longestName: Number(form.dataset["longestName"]),
    extensions: (form.dataset["extensions"] ?? "").split(" "),
    premium: form.dataset["premium"] === "true",
  }, form.dataset["list"] ?? "");
}
for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-sample]")) trySample(link);
