/** The options of the library as its hints name them, with the command's flags for the same. */
const FLAGS = [
  [/\bcolumns: "all"/g, "--all-columns"],
  [/\bviews: true/g, "--views"],
  [/\bPass the role in trustOwners\b/g, "Pass the role with --trust-owner"],
  [/\blockTimeout\b/g, "--lock-timeout"],
] as const;

/** Rewrites a message or hint of the library to name the command's flags instead of the library's options. */
export function inFlags(message: string): string {
  return FLAGS.reduce((text, [option, flag]) => text.replace(option, flag), message);
}
