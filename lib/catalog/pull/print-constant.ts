/** A property of an object as source. Its value may itself be an object. */
export type Option = readonly [name: string, value: string | readonly Option[]];

/** Prints a constant as formatters do: on one line if it fits, and else with one option per line. */
export function constantSource(
  identifier: string,
  callee: string,
  name: string,
  options: readonly Option[] = [],
): string {
  const head = `export const ${identifier} =`;
  const line = `${head} ${onOneLine(callee, name, options)}`;
  if (fits(line)) return line;
  // A short argument does not get its own line.
  const onNextLine = !fits(`${head} ${callee}(`) || (options.length === 0 && name.length <= WIDTH / 4);
  return onNextLine
    ? `${head}\n  ${onLines("  ", "  ", callee, name, options)}`
    : `${head} ${onLines(`${head} `, "", callee, name, options)}`;
}

function onOneLine(callee: string, name: string, options: readonly Option[]): string {
  const list = options.map(([option, value]) => `${option}: ${textOf(value)}`).join(", ");
  return list === "" ? `${callee}(${name});` : `${callee}(${name}, { ${list} });`;
}

/** Prints a call after the text `before` on its first line. */
function onLines(before: string, indent: string, callee: string, name: string, options: readonly Option[]): string {
  const line = onOneLine(callee, name, options);
  if (fits(before + line)) return line;
  const properties = (indent: string) => options.map((option) => property(option, indent));
  const head = `${callee}(${name}, {`;
  if (options.length > 0 && fits(before + head)) {
    return [head, ...properties(`${indent}  `), `${indent}});`].join("\n");
  }
  const object = options.length === 0 ? [] : [`${indent}  {`, ...properties(`${indent}    `), `${indent}  },`];
  return [`${callee}(`, `${indent}  ${name},`, ...object, `${indent});`].join("\n");
}

function property([option, value]: Option, indent: string): string {
  const line = `${indent}${option}: ${textOf(value)},`;
  if (fits(line)) return line;
  if (typeof value === "string") return `${indent}${option}:\n${indent}  ${value},`;
  return [`${indent}${option}: {`, ...value.map((inner) => property(inner, `${indent}  `)), `${indent}},`].join("\n");
}

function textOf(value: Option[1]): string {
  return typeof value === "string"
    ? value
    : `{ ${value.map(([option, text]) => `${option}: ${textOf(text)}`).join(", ")} }`;
}

function fits(line: string): boolean {
  return [...line].length + (line.match(WIDE)?.length ?? 0) <= WIDTH;
}

const WIDTH = 80;

/** East Asian characters and emoji take two columns. */
const WIDE =
  /[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/gu;

/**
 * Quotes a string with the quotes that need fewer backslashes. Escapes everything that could end a line, change the
 * reading direction, or is invisible, so a reviewer sees all of a name. Joiners of letters and emoji are kept.
 */
export function quoted(text: string): string {
  const json = escaped(JSON.stringify(text));
  const count = (quote: string) => text.split(quote).length;
  if (count('"') <= count("'")) return json;
  return `'${json.slice(1, -1).replaceAll("'", "\\'").replaceAll('\\"', '"')}'`;
}

/** Escapes text for a comment. */
export function plain(text: string): string {
  return escaped(JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"'));
}

function escaped(json: string): string {
  return json.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => hexadecimal(character.charCodeAt(index))).join(""),
  );
}

function hexadecimal(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
