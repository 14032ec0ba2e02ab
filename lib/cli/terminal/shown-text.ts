import { printable, printableLine } from "./escape.js";

/** What may stand in a text for people. */
export type Shown = ShownText | string | number | bigint;

/**
 * A text for people. Whatever is put into it is escaped and stays on its line, so that a name of the database can neither
 * steer a terminal nor look like a line of the command. `say` takes nothing else.
 */
export class ShownText {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  /** Lines of the command's own, such as a template has them. */
  static template(strings: TemplateStringsArray, ...values: readonly Shown[]): ShownText {
    return new ShownText(
      strings.reduce((before, string, index) => before + ShownText.#shown(values[index - 1]) + string),
    );
  }

  static lines(parts: readonly Shown[], separator: "\n" | "\n\n" | ", "): ShownText {
    return new ShownText(parts.map((part) => ShownText.#shown(part)).join(separator));
  }

  /** A message that may have lines of its own: all but the first are indented, as no line of the command is. */
  static message(message: string): ShownText {
    return new ShownText(printable(message).replaceAll("\n", "\n  "));
  }

  /** A document in a language that has its own escapes, and in which lines are no rows. */
  static document(document: string): ShownText {
    return new ShownText(printable(document));
  }

  /** The same text between two marks of the command's own, such as a colour. */
  static between(paint: (text: string) => string, text: Shown): ShownText {
    return new ShownText(paint(ShownText.#shown(text)));
  }

  static #shown(value: Shown | undefined): string {
    return value instanceof ShownText ? value.#text : printableLine(String(value));
  }
}

/**
 * Makes a text for people.
 *
 * ```ts
 * say(text`Wrote ${path}.`);
 * ```
 */
export const text = ShownText.template;

/** Texts below one another. */
export function lines(parts: readonly Shown[], separator: "\n" | "\n\n" = "\n"): ShownText {
  return ShownText.lines(parts, separator);
}
