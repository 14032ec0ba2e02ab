/** Turns the text that the server sends into a JavaScript value. */
export type Parse = (text: string) => unknown;

const QUOTE = 34;
const OPEN = 123;
const CLOSE = 125;

/**
 * Reads the text of an array, such as `{1,NULL,"a \"b\""}` or `[2:3]={{1},{2}}`. NULL without quotes is null; with
 * quotes it is a string. postgres.js (3.4.9) passes the text NULL to the parser of the items, which makes NaN, false or
 * an invalid Date of it.
 *
 * Source: "Array Input and Output Syntax" in the PostgreSQL documentation.
 */
export function parseArray(text: string, parse: Parse | undefined, delimiter = ","): unknown[] {
  const separator = delimiter.charCodeAt(0);
  let at = text.indexOf("{");

  const readItems = (): unknown[] => {
    const items: unknown[] = [];
    at++;
    while (at < text.length && text.charCodeAt(at) !== CLOSE) {
      const code = text.charCodeAt(at);
      if (code === OPEN) items.push(readItems());
      else if (code === QUOTE) {
        const item = readQuoted();
        items.push(parse === undefined ? item : parse(item));
      } else {
        const start = at;
        while (at < text.length && text.charCodeAt(at) !== separator && text.charCodeAt(at) !== CLOSE) at++;
        const item = text.slice(start, at);
        items.push(item === "NULL" ? null : parse === undefined ? item : parse(item));
      }
      if (text.charCodeAt(at) === separator) at++;
    }
    at++;
    return items;
  };

  const readQuoted = (): string => {
    const start = ++at;
    let isEscaped = false;
    while (at < text.length && text.charCodeAt(at) !== QUOTE) {
      if (text[at] === "\\") {
        isEscaped = true;
        at++;
      }
      at++;
    }
    const item = text.slice(start, at++);
    return isEscaped ? item.replaceAll(/\\([\s\S])/g, "$1") : item;
  };

  return readItems();
}
