import { type Sql, sql } from "../../index.js";

/**
 * Whether a default is the value of `nextval` itself, with casts around it or without, as an expression over the default as the
 * server stores it. The text that is made of it for people would not do: a name of a type in it may look like anything.
 *
 * Around `nextval` (1574) there may be casts only, and none to boolean (16) or to bits (1560), as those make something
 * else of it. Its argument is a constant, or a text that is looked up (1079).
 */
export function isPlainDefault(stored: Sql): Sql {
  return sql`(
    select around ~ '^(?:[{](?:FUNCEXPR [^{]*:funcformat [12]|COERCETODOMAIN|COERCEVIAIO|RELABELTYPE) [^{]*)*$'
      and around !~ ':funcresulttype (?:16|1560) '
      and split_part(within, '{', 2) ~ '^(?:CONST|FUNCEXPR :funcid 1079) '
    from (select split_part(${stored}, ${DRAWING}, 1) as around, split_part(${stored}, ${DRAWING}, 2) as within) halves
  )`;
}

const DRAWING = "{FUNCEXPR :funcid 1574 ";
