/**
 * Advice of the library that names its options, as the end of a sentence, with the same advice for the command's flags.
 */
const ADVICE = [
  [/; columns: "all" reads it all the same/g, "; --all-columns reads it all the same"],
  [/; views: true reads it all the same/g, "; --views reads it all the same"],
  [/; trustOwners allows it/g, "; --trust-owner allows it"],
  [/ wait longer with lockTimeout/g, " wait longer with --lock-timeout"],
] as const;

/** Rewrites a message of the library to name the command's flags instead of the library's options. */
export function inFlags(message: string): string {
  return ADVICE.reduce((text, [advice, flags]) => text.replace(advice, flags), message);
}
