import { otherDateStyle, type Parse } from "../../internal.js";

/** The object ids of `date`, `timestamp`, `timestamptz` and of their arrays. */
const DATES = new Set([1082, 1114, 1184, 1115, 1182, 1185]);

/** Matches the beginning of a date that is not in the style ISO, alone or in an array. */
const OTHER_STYLE = /(?:^|[{",])(?!\d{4,7}-|-?infinity|NULL|[{",}]|$)/;

/** Makes a parser refuse what it cannot read. pg's own (pg-types 2.2) returns null for a date of another style. */
export function checkedDate(type: number, parse: Parse): Parse {
  if (!DATES.has(type)) return parse;
  return (text) => {
    const value = parse(text);
    if (hasNull(value) && OTHER_STYLE.test(text)) throw otherDateStyle(text);
    return value;
  };
}

function hasNull(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.some(hasNull));
}
