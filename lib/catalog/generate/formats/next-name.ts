import { timestampOf } from "./migration-script.js";

/** How the names of a folder begin. */
interface Style {
  readonly pattern: RegExp;
  readonly prefix: (at: Date) => string;
}

const TIMESTAMP: Style = { pattern: /^\d{14}(?=[-_])/, prefix: (at) => timestampOf({ at }) };
const MILLISECONDS: Style = { pattern: /^\d{13}(?=[-_])/, prefix: (at) => `${at.getTime()}` };
const SECONDS: Style = { pattern: /^\d{10}(?=[-_])/, prefix: (at) => `${Math.floor(at.getTime() / 1000)}` };
const DOTTED: Style = {
  pattern: /^\d{4}\.\d\d\.\d\dT\d\d\.\d\d\.\d\d(?=\.)/,
  prefix: (at) => at.toISOString().slice(0, 19).replaceAll(/\W/g, "."),
};
const NUMBER = /^\d{1,9}(?=[-_])/;

/** The beginnings of the names of a new folder. A number has as many digits as the example. */
const FIRST = {
  number: { begin: () => "0001", separator: "_" },
  index: { begin: () => "0000", separator: "_" },
  timestamp: { begin: TIMESTAMP.prefix, separator: "_" },
  milliseconds: { begin: MILLISECONDS.prefix, separator: "_" },
  dotted: { begin: DOTTED.prefix, separator: "." },
} as const;

/**
 * Puts a beginning in front of a name, so that it sorts after the others of the folder: the next number, or the time if
 * these begin with a time. It looks like the last of them, and like `first` in a new folder.
 */
export function nextName(others: readonly string[], name: string, at: Date, first: keyof typeof FIRST): string {
  for (const { pattern, prefix } of [DOTTED, TIMESTAMP, MILLISECONDS, SECONDS]) {
    const last = lastOf(others, pattern);
    if (last !== undefined) return `${laterThan(last.begin, at, prefix)}${last.separator}${name}`;
  }
  const last = lastOf(others, NUMBER);
  if (last !== undefined) {
    return `${`${BigInt(last.begin) + 1n}`.padStart(last.begin.length, "0")}${last.separator}${name}`;
  }
  const { begin, separator } = FIRST[first];
  return `${begin(at)}${separator}${name}`;
}

function lastOf(names: readonly string[], pattern: RegExp): { begin: string; separator: string } | undefined {
  const found = names.flatMap((name) => {
    const begin = pattern.exec(name)?.[0];
    return begin === undefined ? [] : [{ begin, separator: name.charAt(begin.length) }];
  });
  const number = ({ begin }: { begin: string }) => BigInt(begin.replaceAll(/\D/g, ""));
  return found.reduce<(typeof found)[number] | undefined>(
    (last, each) => (last === undefined || number(each) > number(last) ? each : last),
    undefined,
  );
}

const MAX_SECONDS_AHEAD = 100_000;

/**
 * The time, or a second after the last one, which was made in the same second or where a clock is ahead. A time further
 * ahead, such as 99999999999999, is not followed.
 */
function laterThan(last: string, at: Date, prefix: (at: Date) => string): string {
  const after = (seconds: number) => prefix(new Date(at.getTime() + seconds * 1000));
  let seconds = 0;
  if (last < after(MAX_SECONDS_AHEAD)) while (after(seconds) <= last) seconds++;
  return after(seconds);
}
