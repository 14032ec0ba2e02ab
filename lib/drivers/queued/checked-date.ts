import { otherDateStyle, type Parse } from "../../internal.js";

/** The object ids of `date`, `timestamp`, `timestamptz` and of their arrays. */
const DATES = new Set([1082, 1114, 1184, 1115, 1182, 1185]);

/** Matches the beginning of a date that is not in the style ISO, alone or in an array, which may have bounds. */
const OTHER_STYLE = /(?:^|[{",])(?!\d{4,7}-|-?infinity|NULL|[[{",}]|$)/;

/**
 * Makes a driver's parser of dates refuse those of another style than ISO. `isDoubtful` tells the values that the
 * driver's own parser makes of them. A parser of the program may return others for another style.
 */
export function checkedDate(type: number, parse: Parse, isDoubtful: (value: unknown) => boolean): Parse {
  if (!DATES.has(type)) return parse;
  return (text) => {
    const value = parse(text);
    if (holds(value, isDoubtful) && OTHER_STYLE.test(text)) throw otherDateStyle(text);
    return value;
  };
}

/** Whether a value is one that `is` tells, or an array that holds one. */
export function holds(value: unknown, is: (value: unknown) => boolean): boolean {
  return Array.isArray(value) ? value.some((each) => holds(each, is)) : is(value);
}
