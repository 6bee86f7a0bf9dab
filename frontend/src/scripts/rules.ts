import rules from "../generated/rules.json";

/** A regular expression that Python uses, too. */
interface Pattern { source: string; flags: string }

/** Matches from the start of a text, as Python's `re.match` does. */
export const atStart = ({ source, flags }: Pattern): RegExp => new RegExp(`^(?:${source})`, flags);

/** Matches a text as a whole, as Python's `re.fullmatch` does. */
export const asWhole = ({ source, flags }: Pattern): RegExp => new RegExp(`^(?:${source})$`, flags);

/** Matches anywhere in a text, as Python's `re.search` does. */
export const anywhere = ({ source, flags }: Pattern): RegExp => new RegExp(source, flags);

/** Matches every occurrence in a text, as Python's `re.findall` does. */
export const everywhere = ({ source, flags }: Pattern): RegExp => new RegExp(source, `${flags}g`);

/** A message with its values filled in: the templates are those of Python's `str.format`, of which GAS uses three forms. */
export function fill(template: string, values: Record<string, string | number | undefined>,
  quoted: (text: string) => string = String): string {
  return template.replace(/\{(\w+)(!r|:,)?\}/g, (_, name: string, conversion: string | undefined) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the message "${template}" has no value for ${name}`);
    if (conversion === "!r") return quoted(String(value));
    return conversion === ":," ? Number(value).toLocaleString("en") : String(value);
  });
}

export default rules;
