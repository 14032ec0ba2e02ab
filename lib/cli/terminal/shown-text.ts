import { printable, printableLine } from "./escape.js";

/** A value that can be part of a text for people. */
export type Shown = ShownText | string | number | bigint;

/**
 * A text for people. Inserted values are escaped and stay on their line. So a name in the database can neither control
 * the terminal nor look like a line of the command. `say` accepts nothing else.
 */
export class ShownText {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  /** Makes a text of a template, whose lines are the command's own. */
  static template(strings: TemplateStringsArray, ...values: readonly Shown[]): ShownText {
    return new ShownText(
      strings.reduce((before, string, index) => before + ShownText.#shown(values[index - 1]) + string),
    );
  }

  static lines(parts: readonly Shown[], separator: "\n" | "\n\n" | ", "): ShownText {
    return new ShownText(parts.map((part) => ShownText.#shown(part)).join(separator));
  }

  /**
   * Makes a text of a message with line breaks. All lines after the first are indented, which the command's own lines
   * never are.
   */
  static message(message: string): ShownText {
    return new ShownText(printable(message).replaceAll("\n", "\n  "));
  }

  /** Makes a text of a document in a language with its own escapes, in which lines are not rows. */
  static document(document: string): ShownText {
    return new ShownText(printable(document));
  }

  /** Wraps a text in marks of the command, such as a color. */
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

/** Puts texts below one another. */
export function lines(parts: readonly Shown[], separator: "\n" | "\n\n" = "\n"): ShownText {
  return ShownText.lines(parts, separator);
}

/** Formats a number with a noun: `1 change`, `2 changes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
