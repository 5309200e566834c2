/**
 * HTML as a tagged template: what is put in is text and is escaped, unless it was made by the template itself.
 *
 * Why   Names and descriptions come from files of users, and a report is opened by others. With the template the unsafe way is the longer one.
 */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** null is nothing; a list is its items one after the other. */
export type HtmlValue = string | number | null | Html | readonly HtmlValue[];

export const html = (strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html =>
  new Html(strings.reduce((text, string, index) => text + toHtml(values[index - 1] ?? null) + string));

function toHtml(value: HtmlValue): string {
  if (value === null) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(toHtml).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Good for text and for quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

/** JSON that may stand inside a <script> element: without `<` there is neither `</script>` nor `<!--`. */
export const jsonForScript = (value: unknown): Html => new Html(JSON.stringify(value).replaceAll("<", "\\u003c"));
