/**
 * Everything that steers a terminal or the order of reading, and all other characters that cannot be seen, but those that
 * join letters and emoji; `--json` has a text as it is.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Without what would steer a terminal, such as the name of a sequence may hold. Lines stay lines. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (character) =>
    character === "\n" || character === "\t" || isJoiner(character) ? character : escaped(character),
  );
}

/** The same for what has to stay on its line. */
export function printableLine(text: string): string {
  return text.replace(UNSEEN, (character) => (isJoiner(character) ? character : escaped(character)));
}

/** What is unseen becomes an escape of JSON, which means the same there: outside of strings a document has line breaks only. */
export function printableJson(document: string): string {
  return document.replace(UNSEEN, (character) => {
    if (character === "\n") return character;
    return Array.from({ length: character.length }, (_, index) => escaped(character.charAt(index))).join("");
  });
}

function isJoiner(character: string): boolean {
  return character === "\u200c" || character === "\u200d";
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}
