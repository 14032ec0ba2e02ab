/**
 * Characters that control a terminal or the reading direction, and all other invisible characters. Joiners of letters
 * and emoji are kept. `--json` has the original text.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Escapes characters that would control a terminal, which the name of a sequence may contain. Line breaks stay. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (character) =>
    character === "\n" || character === "\t" || isJoiner(character) ? character : escaped(character),
  );
}

/** Escapes characters that would control a terminal, including line breaks. */
export function printableLine(text: string): string {
  return text.replace(UNSEEN, (character) => (isJoiner(character) ? character : escaped(character)));
}

/**
 * Writes invisible characters as JSON escapes, which mean the same in JSON. Line breaks stay: in a document they are
 * only outside of strings.
 */
export function printableJson(document: string): string {
  return document.replace(UNSEEN, (character) => {
    if (character === "\n") return character;
    return Array.from({ length: character.length }, (_, index) => escaped(character.charAt(index))).join("");
  });
}

/**
 * What GitHub's runner takes for a command, in any line of the output of a step: `::` at its beginning, and `##[`
 * anywhere. It may pass over characters that are ignored, such as joiners.
 */
const COMMANDS = /^((?:[^\S\n\r\u2028\u2029]|\p{DI})*):(?=\p{DI}*:)|(#\p{DI}*#\p{DI}*)\[/gmu;

/** Escapes the first character of such a command. */
export function withoutCommands(text: string): string {
  return text.replace(COMMANDS, (_, before: string | undefined, hashes: string | undefined) =>
    hashes === undefined ? `${before}${escaped(":")}` : `${hashes}${escaped("[")}`,
  );
}

function isJoiner(character: string): boolean {
  return character === "\u200c" || character === "\u200d";
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) as number).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}
