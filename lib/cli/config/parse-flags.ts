import { InvalidArgumentError } from "commander";
import type { HazardCode } from "../../catalog/index.js";
import { ALLOWABLE_CODES, isAlwaysBlocked } from "../../catalog/plan/hazards/hazard-codes.js";
import { givenName } from "../../server/names.js";

/** Parses a list of names: `public,billing`. */
export function list(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new InvalidArgumentError("Names are needed, with commas between them.");
  return names;
}

/** Parses `old_seq=new_seq`, and adds it to the previous ones. Names may be in double quotes. */
export function rename(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [oldName, newName, ...others] = splitOutsideQuotes(text);
  if (!oldName || !newName || others.length > 0) {
    throw new InvalidArgumentError("It has to be old=new, with a name that has = in it in double quotes.");
  }
  if (Object.hasOwn(before, oldName)) throw new InvalidArgumentError(`${givenName(oldName)} is renamed twice.`);
  return { ...before, [oldName]: newName };
}

/** Splits a text at each `=` that is not in double quotes. */
function splitOutsideQuotes(text: string): string[] {
  const [first = "", ...rest] = text.split("=");
  const parts = [first];
  for (const part of rest) {
    const before = parts.at(-1) as string;
    const isQuoted = before.split('"').length % 2 === 0;
    if (isQuoted) parts[parts.length - 1] = `${before}=${part}`;
    else parts.push(part);
  }
  return parts;
}

/** Adds the name of a declared sequence to the previous ones. */
export function isNew(text: string, before: readonly string[] = []): string[] {
  if (text === "") throw new InvalidArgumentError("The name of a declared sequence is needed.");
  return [...before, text];
}

/** Adds a pattern of sequence names to the previous ones. */
export function pattern(text: string, before: readonly string[] = []): string[] {
  if (text === "") throw new InvalidArgumentError("The name of a sequence is needed, or a pattern such as legacy_*.");
  return [...before, text];
}

/** Adds the code of a hazard to the previous ones. */
export function hazardCode(text: string, before: readonly HazardCode[] = []): HazardCode[] {
  const code = ALLOWABLE_CODES.find((code) => code === text);
  if (isAlwaysBlocked(text))
    throw new InvalidArgumentError("It cannot be allowed, because the server would refuse such a change.");
  if (code === undefined) throw new InvalidArgumentError(`It has to be one of ${ALLOWABLE_CODES.join(", ")}.`);
  return [...before, code];
}

/** Adds the name of a role to the previous ones. */
export function role(text: string, before: readonly string[] = []): string[] {
  if (text === "") throw new InvalidArgumentError("The name of a role is needed.");
  return [...before, text];
}

/** What a share has to be, for messages. */
export const SHARE_BOUNDS = "above 0 and up to 1, such as 0.75";

/** Parses a share of 1: `0.75`. */
export function share(text: string): number {
  const number = /^(0?\.\d+|1(\.0+)?)$/.test(text) ? Number(text) : Number.NaN;
  if (!(number > 0)) throw new InvalidArgumentError(`It has to be ${SHARE_BOUNDS}.`);
  return number;
}

/** Parses seconds, up to a day. */
export function seconds(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 1 && number <= 86_400)) throw new InvalidArgumentError("It has to be from 1 to 86400 seconds.");
  return number;
}

export function values(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError("It has to be a whole number of values.");
  return BigInt(text);
}

export function milliseconds(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number <= 2_147_483_647)) throw new InvalidArgumentError("It has to be from 0 to 2147483647 milliseconds.");
  return number;
}

/** Parses a number of things. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It has to be a whole number.");
  return Number(text);
}

/** Parses where to listen: `9187`, `0.0.0.0:9187`, `[::1]:9187`. Port 0 is one that is free. */
export function listenAddress(text: string): { host: string; port: number } {
  const [, host = "127.0.0.1", port = ""] = /^(?:(\[[\da-fA-F:.]+\]|[^\s:/[\]]+):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535) {
    throw new InvalidArgumentError("It has to be a port, or a host and a port, such as 9187 or 0.0.0.0:9187.");
  }
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
