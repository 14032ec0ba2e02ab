/** Markup. Everything else that is put into a template becomes text. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }

  static template(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
    return new Html(strings.reduce((before, string, index) => before + markupOf(values[index - 1]) + string));
  }

  /** Marks a text of the command, never one from the database, as markup. */
  static own(markup: string): Html {
    return new Html(markup);
  }
}

/** What a template takes: markup, lists, and values that become text. Null, undefined and false become nothing. */
export type Content = Html | string | number | bigint | null | undefined | false | readonly Content[];

/**
 * Makes markup. Inserted values are text, in elements and in quoted attributes.
 *
 * ```ts
 * html`<li title="${name}">${name}</li>`;
 * ```
 */
export const html = Html.template;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Control characters, which HTML cannot contain, and those that change the reading direction, which would move the text
 * around them.
 */
const HIDDEN = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\p{Cs}]/u;
const UNSAFE = /[&<>"']|[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\p{Cs}]/gu;

/** Whether a text is in a page exactly as it is, so that it can be copied from there. */
export function isShownAsIs(text: string): boolean {
  return !HIDDEN.test(text);
}

function markupOf(content: Content): string {
  if (content instanceof Html) return content.toString();
  if (content === null || content === undefined || content === false) return "";
  if (Array.isArray(content)) return content.map(markupOf).join("");
  return `${content as string}`.replace(UNSAFE, (character) => {
    const code = (character.codePointAt(0) as number).toString(16);
    return ENTITIES[character] ?? `\\u${code.padStart(4, "0")}`;
  });
}
