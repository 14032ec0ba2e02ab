import { type Sql, sql } from "../../index.js";

/**
 * Builds an expression for whether a default is the value of `nextval` itself, with or without casts. It checks the
 * default as the server stores it. The readable text would not do, because a type name in it may look like anything.
 *
 * Only casts may be around `nextval` (1574), and none to boolean (16) or to bits (1560), because those change the
 * value. Its argument is a constant, or a text that is looked up (1079).
 */
export function isPlainDefault(stored: Sql): Sql {
  return sql`(
    select around ~ '^(?:[{](?:FUNCEXPR [^{]*:funcformat [12]|COERCETODOMAIN|COERCEVIAIO|RELABELTYPE) [^{]*)*$'
      and around !~ ':funcresulttype (?:16|1560) '
      and split_part(within, '{', 2) ~ '^(?:CONST|FUNCEXPR :funcid 1079) '
    from (select split_part(${stored}, ${DRAWING}, 1) as around, split_part(${stored}, ${DRAWING}, 2) as within) halves
  )`;
}

/**
 * Builds an expression for the narrowest integer type that such a default casts its value to; null if there is none.
 */
export function castTypeOf(stored: Sql): Sql {
  const around = sql`split_part(${stored}, ${DRAWING}, 1)`;
  return sql`case
    when ${around} like '%:funcresulttype 21 %' then 'smallint'
    when ${around} like '%:funcresulttype 23 %' then 'integer'
  end`;
}

const DRAWING = "{FUNCEXPR :funcid 1574 ";
