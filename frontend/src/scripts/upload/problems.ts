import { amount } from "../amounts";
import type { Problem } from "./words";

export interface Limits {
  bytes: number;
  longestName: number;
  extensions: string[];
  premium: boolean;
}

/** What is wrong with a file of this name and size, or null. The server checks all of it again. */
export function problemOf(name: string, size: number, limits: Limits): Problem | null {
  if (!limits.extensions.some((extension) => name.toLowerCase().endsWith(extension))) {
    return {
      message: `“${name}” is not named like a VCF file.`,
      hint: `GAS reads files whose names end in ${limits.extensions.join(", ")}.`,
    };
  }
  if (/[/\\\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(name)) {
    return { message: "The file's name has a slash, a backslash or a control character in it.", hint: "Rename the file." };
  }
  if ([...name].length > limits.longestName) {
    return { message: `The file's name is longer than ${limits.longestName} characters.`, hint: "Rename the file." };
  }
  if (size === 0) return { message: `“${name}” is empty.`, hint: "Choose a file with VCF records in it." };
  if (size > limits.bytes) return tooLarge(limits, name, size);
  return null;
}

function tooLarge(limits: Limits, name: string, size?: number): Problem {
  const has = size === undefined ? "The file is larger than" : `The file has ${amount(size)};`;
  const limit = size === undefined
    ? `your limit of ${amount(limits.bytes)}.`
    : `your limit is ${amount(limits.bytes)}.`;
  const compress = /\.vcf$/i.test(name) ? "Compressing it with bgzip may be enough. " : "";
  return {
    message: `${has} ${limit}`,
    hint: compress + (limits.premium ? "Split the file, for instance by chromosome." : "Premium takes larger files."),
    premiumHelps: !limits.premium,
  };
}

/** The storage's refusal, which is XML for machines, in the user's words. */
export function explain(status: number, xml: string, name: string, limits: Limits): Problem {
  const document = new DOMParser().parseFromString(xml, "application/xml");
  const text = (name: string): string => document.querySelector(name)?.textContent ?? "";
  const code = text("Code");
  if (code === "EntityTooLarge") return tooLarge(limits, name);
  if (code === "EntityTooSmall") return { message: "The file is empty.", hint: "Choose a file with VCF records in it." };
  if (/expired/i.test(text("Message"))) {
    return { message: "The permission to upload ran out before the file had arrived.", hint: "Upload it again." };
  }
  if (status === 429 || status >= 500 || code === "SlowDown") {
    return { message: "The storage is busy just now.", hint: "Wait a little and upload the file again." };
  }
  return {
    message: `The storage refused the file (${code || `status ${status}`}).`,
    hint: "Reload the page and try again; if it happens again, tell us the time and this code.",
  };
}
