import { fileNames } from "../../generated/rules.json";
import { formatBytes } from "../format";
import { anywhere, fill } from "../rules";
import type { Problem } from "./input-error";

/** What the user's plan and the service allow. */
export interface Limits {
  bytes: number;
  longestName: number;
  extensions: string[];
  premium: boolean;
}

const FORBIDDEN = anywhere(fileNames.forbidden);
const EMPTY_HINT = "Choose a file with VCF records in it.";

/**
 * What is wrong with a file of this name and size, or null. The server makes the same checks.
 *
 * @param wrongExtension - why a name that ends differently is refused
 */
export function problemOf(name: string, size: number, limits: Limits,
  wrongExtension: keyof typeof fileNames.reasons = "wrong_extension"): Problem | null {
  const refused = (code: keyof typeof fileNames.reasons): Problem => {
    const values = { name, length: [...name].length, limit: limits.longestName, extensions: limits.extensions.join(", ") };
    const { message, hint } = fileNames.reasons[code];
    return { message: fill(message, values), hint: fill(hint, values) };
  };
  if ([...name].length > limits.longestName) return refused("name_too_long");
  if (FORBIDDEN.test(name)) return refused("bad_name");
  if (!limits.extensions.some((extension) => name.toLowerCase().endsWith(extension))) return refused(wrongExtension);
  if (size === 0) return { message: `“${name}” is empty.`, hint: EMPTY_HINT };
  if (size > limits.bytes) return tooLarge(limits, name, size);
  return null;
}

function tooLarge(limits: Limits, name: string, size?: number): Problem {
  const limit = formatBytes(limits.bytes);
  const compress = /\.vcf$/i.test(name) ? "Compressing it (gzip or bgzip) may make it small enough. " : "";
  return {
    message: size === undefined ? `The file exceeds your limit of ${limit}.`
      : `The file is ${formatBytes(size)}; your limit is ${limit}.`,
    hint: compress + (limits.premium ? "Split the file, for example by chromosome." : "Premium allows larger files."),
    premiumHelps: !limits.premium,
  };
}

/** The storage's refusal, which is XML, as a message for the user. */
export function storageProblem(status: number, xml: string, name: string, limits: Limits): Problem {
  const document = new DOMParser().parseFromString(xml, "application/xml");
  const text = (element: string): string => document.querySelector(element)?.textContent ?? "";
  const code = text("Code");
  if (code === "EntityTooLarge") return tooLarge(limits, name);
  if (code === "EntityTooSmall") return { message: "The file is empty.", hint: EMPTY_HINT };
  if (/expired/i.test(text("Message"))) {
    return { message: "The upload link expired before the upload finished.", hint: "Upload the file again." };
  }
  if (status === 429 || status >= 500 || code === "SlowDown") {
    return { message: "Storage is busy.", hint: "Wait a moment and try again." };
  }
  return {
    message: `The upload was rejected (${code || `status ${status}`}).`,
    hint: "Reload the page and try again. If the problem persists, contact support with the time and this code.",
  };
}
