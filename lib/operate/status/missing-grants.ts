import { type Advice, storedIdentifier } from "../../internal.js";
import { shownName } from "../../server/names.js";
import type { SurveyedSequence } from "../columns/survey.js";
import { whyUnknown } from "../columns/unknown-value.js";

/** From this many tables and sequences on, one grant for all of them is better than one for each. */
const MANY = 6;

/** Returns how many tables and sequences the connected role lacks the privilege to read. */
export function countUnreadable(surveyed: readonly SurveyedSequence[]): number {
  const tables = surveyed.flatMap(({ columns }) =>
    columns.flatMap(({ column: { mayRead, schema, table } }) => (mayRead ? [] : [JSON.stringify([schema, table])])),
  );
  const sequences = surveyed.filter(
    ({ sequence }) => sequence.lastValue === null && whyUnknown(sequence) === undefined,
  );
  return new Set(tables).size + sequences.length;
}

/** Advises one grant for everything that the role may not read. Undefined if that is little. */
export function grantForAll(unreadable: number, user: string): Advice | undefined {
  if (unreadable < MANY) return undefined;
  return {
    hint: `One grant is enough for all ${unreadable} tables and sequences that ${shownName(user)} may not read.`,
    fix: `grant pg_read_all_data to ${storedIdentifier(user).text}`,
  };
}
