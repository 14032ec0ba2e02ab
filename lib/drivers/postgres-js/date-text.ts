import { otherDateStyle } from "../../handle/values/other-date-style.js";

/** Matches years from 1000 on, in zones of whole minutes. `new Date` reads these as the server means them. */
const PLAIN = /^[1-9]\d{3}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::\d\d)?)?)?$/;

const ANY =
  /^(\d{4,7})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::(\d\d)(?::(\d\d))?)?)?)?( BC)?$/;

/**
 * Reads a `date`, `timestamp` or `timestamptz`. `new Date` would turn the year 50 into 1950. It cannot read a year BC,
 * nor a zone with seconds, which the server writes for local times before standard time. A `timestamp` is read in the
 * zone of the process, a `date` at midnight UTC.
 *
 * Source: "Date/Time Output" in the PostgreSQL documentation.
 */
export function parseDate(text: string): Date {
  if (PLAIN.test(text)) return new Date(text);
  const parts = ANY.exec(text);
  if (parts === null) {
    // A Date cannot represent infinity.
    if (text.endsWith("infinity")) return new Date(NaN);
    throw otherDateStyle(text);
  }
  const number = (part: number) => Number(parts[part] ?? 0);
  const year = parts[12] === undefined ? number(1) : 1 - number(1);
  const date = new Date(0);
  const milliseconds = Math.floor(Number(`0.${parts[7] ?? 0}`) * 1_000);
  if (parts[4] !== undefined && parts[8] === undefined) {
    date.setFullYear(year, number(2) - 1, number(3));
    date.setHours(number(4), number(5), number(6), milliseconds);
    return date;
  }
  const offset = ((number(9) * 60 + number(10)) * 60 + number(11)) * (parts[8] === "-" ? -1 : 1);
  date.setUTCFullYear(year, number(2) - 1, number(3));
  date.setUTCHours(number(4), number(5), number(6) - offset, milliseconds);
  return date;
}
