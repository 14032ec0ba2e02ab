import { type Sql, sql } from "../../index.js";
import { exactUpTo, isText, limitsOf, roundingStep, scaleOf } from "../../server/integer-limits.js";

/**
 * Builds an expression for whether a default is the value of `nextval` itself, with or without casts. It checks the
 * default as the server stores it. The readable text would not do, because a type name in it may look like anything.
 *
 * Only casts may be around `nextval` (1574), and those that are functions are of the server and return an integer (20,
 * 21, 23), a number (700, 701, 1700) or a text (25, 1042, 1043). Its argument is a constant, or a text that is looked
 * up (1079).
 */
export function isPlainDefault(stored: Sql): Sql {
  return sql`(
    select around ~ ${`^(?:[{](?:${CAST}|COERCETODOMAIN|COERCEVIAIO|RELABELTYPE) [^{]*)*$`}
      and split_part(within, '{', 2) ~ '^(?:CONST|FUNCEXPR :funcid 1079) '
    from (select split_part(${stored}, ${DRAWING}, 1) as around, split_part(${stored}, ${DRAWING}, 2) as within) halves
  )`;
}

const DRAWING = "{FUNCEXPR :funcid 1574 ";
const CAST = "FUNCEXPR :funcid [0-9]{1,4} :funcresulttype (?:20|21|23|25|700|701|1042|1043|1700) [^{]*:funcformat [12]";

/** Matches a stored length of a type, which is the second argument of a cast: the bytes of an integer (23). */
const LENGTH = "{CONST :consttype 23 [^}]*:constvalue 4 \\[ (-?[0-9]+) (-?[0-9]+) (-?[0-9]+) (-?[0-9]+) ";

/**
 * Builds an expression for the types to which such a default casts its value, as JSON: those that may hold less than
 * the column. The casts to the length of a type (1703, and 669 and 668 if the default asks for them) come from the
 * outermost to the innermost, and their lengths from the innermost to the outermost.
 */
export function castsOf(stored: Sql): Sql {
  return sql`(
    select coalesce(json_agg(casts.type), '[]')
    from (select split_part(${stored}, ${DRAWING}, 1) as around, split_part(${stored}, ${DRAWING}, 2) as within) halves
    cross join lateral (
      select format_type(match[1]::oid, null) as type
      from regexp_matches(around, ':funcresulttype (21|23|700|701) ', 'g') match
      union all
      select format_type(types.oid, length.number)
      from regexp_matches(around, ':funcid (668|669|1703) [^{]*:funcformat ([12]) ', 'g')
        with ordinality as cast_to (match, place)
      cross join lateral (
        select case cast_to.match[1] when '1703' then 1700 when '669' then 1043 else 1042 end::oid as oid
      ) types
      join (
        select count(*) over () - place + 1 as place,
          (bytes[1]::int & 255) + (bytes[2]::int & 255) * 256 + (bytes[3]::int & 255) * 65536
            + (bytes[4]::int & 127) * 16777216 as number
        from regexp_matches(within, ${LENGTH}, 'g') with ordinality as lengths (bytes, place)
      ) length on length.place = cast_to.place
      -- The cast to the length of the column itself fails, and an explicit one cuts the text.
      where cast_to.match[1] = '1703' or cast_to.match[2] = '1'
    ) casts
  )`;
}

/** Whether a cast changes no value that the column would keep: it keeps the value too, or fails. */
export function keepsValue(cast: string, baseType: string): boolean {
  const exact = exactUpTo(cast);
  if (exact !== undefined) return (exactUpTo(baseType) ?? exact + 1n) <= exact;
  if (isText(cast)) return limitsOf(cast) === undefined;
  // A text also has the digits after the point.
  return roundingStep(cast) <= roundingStep(baseType) && !(isText(baseType) && scaleOf(cast) > 0n);
}

/** Returns the cast that holds the least; null if none has a limit. */
export function narrowestOf(casts: readonly string[]): string | null {
  let narrowest: string | null = null;
  for (const cast of casts) {
    const limits = limitsOf(cast);
    const least = narrowest === null ? undefined : limitsOf(narrowest);
    if (limits !== undefined && (least === undefined || limits.greatest < least.greatest)) narrowest = cast;
  }
  return narrowest;
}
