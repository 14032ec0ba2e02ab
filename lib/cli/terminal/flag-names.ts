/** Advice of the library names its options: each as it ends a sentence, and the flag that the reader of the command has for it. */
const ADVICE = [
  [/; columns: "all" reads it all the same/g, "; --all-columns reads it all the same"],
  [/; views: true reads it all the same/g, "; --views reads it all the same"],
  [/; trustOwners allows it/g, "; --trust-owner allows it"],
  [/ wait longer with lockTimeout/g, " wait longer with --lock-timeout"],
] as const;

/** A message of the library, with the command's flags instead of the library's options. */
export function inFlags(message: string): string {
  return ADVICE.reduce((text, [advice, flags]) => text.replace(advice, flags), message);
}
