import type { ValueMode } from "../../../types/sequence-options.js";
import { NextvalError } from "../../errors.js";
import { shown } from "../../sequence/messages.js";
import type { Sql } from "../../sql/fragment.js";
import { tag } from "../../sql/tag.js";
import { isServerError } from "../errors/server-error.js";
import { type Parse, parseArray } from "./array-text.js";
import { int8Readers } from "./int8-reader.js";

/** The object id of `int8`. */
export const INT8 = 20;
const INT8_ARRAY = 1016;

/** Built-in array types and the types of their items, in pairs. Source: `pg_type.dat` of PostgreSQL 14 to 18. */
const BUILT_IN: readonly number[] = [
  143, 142, 199, 114, 210, 71, 270, 75, 271, 5069, 272, 81, 273, 83, 629, 628, 651, 650, 719, 718, 775, 774, 791, 790,
  1000, 16, 1001, 17, 1002, 18, 1003, 19, 1005, 21, 1006, 22, 1007, 23, 1008, 24, 1009, 25, 1010, 27, 1011, 28, 1012,
  29, 1013, 30, 1014, 1042, 1015, 1043, 1016, 20, 1017, 600, 1018, 601, 1019, 602, 1020, 603, 1021, 700, 1022, 701,
  1027, 604, 1028, 26, 1034, 1033, 1040, 829, 1041, 869, 1115, 1114, 1182, 1082, 1183, 1083, 1185, 1184, 1187, 1186,
  1231, 1700, 1263, 2275, 1270, 1266, 1561, 1560, 1563, 1562, 2201, 1790, 2207, 2202, 2208, 2203, 2209, 2204, 2210,
  2205, 2211, 2206, 2287, 2249, 2949, 2970, 2951, 2950, 3221, 3220, 3643, 3614, 3644, 3642, 3645, 3615, 3735, 3734,
  3770, 3769, 3807, 3802, 3905, 3904, 3907, 3906, 3909, 3908, 3911, 3910, 3913, 3912, 3927, 3926, 4073, 4072, 4090,
  4089, 4097, 4096, 4192, 4191, 5039, 5038, 6150, 4451, 6151, 4532, 6152, 4533, 6153, 4534, 6155, 4535, 6157, 4536,
];

/** Types without an array type that statements can return: `pg_node_tree`, `unknown`, `void`. */
const WITHOUT_ARRAY = [194, 705, 2278];

/** `box[]`: the only built-in array whose items are not separated by commas. */
const BOX_ARRAY = 1020;

interface Type {
  /** The type of the items, if it is an array. */
  readonly item?: number;
  readonly delimiter?: string;
  /** The type that a domain is based on. */
  readonly base?: number;
}

const SCALAR: Type = {};

function builtIn(): Map<number, Type> {
  const types = new Map<number, Type>();
  for (const type of WITHOUT_ARRAY) types.set(type, SCALAR);
  for (let at = 0; at < BUILT_IN.length; at += 2) {
    const [array, item] = BUILT_IN.slice(at, at + 2) as [number, number];
    if (!types.has(item)) types.set(item, SCALAR);
    types.set(array, { item, delimiter: array === BOX_ARRAY ? ";" : "," });
  }
  return types;
}

/** The connection or pool that a lookup is sent on. */
interface Line {
  /** Whether it is a pool, so a lookup may run on any connection. */
  readonly isPool: boolean;
  /** Returns the rows of a statement as the texts that the server sent. */
  ownRows(fragment: Sql): Promise<(string | null)[][]>;
}

const NO_PRIVILEGE = "42501";
const IN_FAILED_TRANSACTION = "25P02";

/**
 * Knows how values of each type are read: with the client's readers, except that `int8` becomes a bigint, and arrays
 * are read here unless the client reads them itself.
 *
 * Built-in types are known. Others, such as enums and arrays of them, are looked up when they first arrive.
 */
export class KnownTypes {
  readonly #types = builtIn();
  readonly #readerOf: (type: number) => Parse | undefined;

  readonly #int8: Parse;

  /**
   * `readerOf` returns the client's own reader of a type, or undefined. It reads neither `int8` nor arrays of it if a
   * type for them is given.
   */
  constructor(readerOf: (type: number) => Parse | undefined, int8: ValueMode | undefined) {
    const isOwn = (type: number) => int8 !== undefined && (type === INT8 || type === INT8_ARRAY);
    this.#readerOf = (type) => (isOwn(type) ? undefined : readerOf(type));
    this.#int8 = int8Readers[int8 ?? "bigint"];
  }

  /** Whether the type is known. */
  has(type: number): boolean {
    return this.#types.has(type) || this.#readerOf(type) !== undefined;
  }

  /** Returns the parser of a type; undefined for text. */
  parserOf(type: number): Parse | undefined {
    const own = this.#readerOf(type);
    if (own !== undefined) return own;
    if (type === INT8) return this.#int8;
    const { item, base, delimiter } = this.#types.get(type) ?? SCALAR;
    if (base !== undefined) return this.parserOf(base);
    if (item === undefined) return undefined;
    const parse = this.parserOf(item);
    return (text) => parseArray(text, parse, delimiter);
  }

  /**
   * Looks up unknown types on the server. Returns undefined if all are known. `line` makes the connection for the
   * lookup.
   */
  lookUp(
    types: readonly number[],
    line: () => Line,
    consequence = ". The statement has run",
  ): Promise<void> | undefined {
    const missing = [...new Set(types)].filter((type) => !this.has(type));
    if (missing.length === 0) return undefined;
    return this.#ask(missing, line(), consequence);
  }

  async #ask(missing: readonly number[], line: Line, consequence: string): Promise<void> {
    const question = typesQuery(missing);
    const asked = line.ownRows(question);
    try {
      // Any connection of a pool will do, so the lookup is repeated if one is lost.
      this.#learn(await (line.isPool ? asked.catch(() => line.ownRows(question)) : asked));
    } catch (cause) {
      if (isServerError(cause) && cause.code === NO_PRIVILEGE) {
        // Unknown types are text, as the driver would return them.
        for (const type of missing) this.#types.set(type, SCALAR);
        if (line.isPool) return;
      }
      // A statement that was sent after this one has failed, and the transaction with it.
      if (isServerError(cause) && cause.code === IN_FAILED_TRANSACTION) throw cause;
      const reason = cause instanceof Error ? cause.message : shown(cause);
      const message = `the types of columns could not be looked up: ${reason}${consequence}`;
      throw new NextvalError("UNEXPECTED_VALUE", message, { cause });
    }
  }

  /**
   * A type that was not found is read as text, and looked up again. It may belong to a transaction that has not
   * committed yet.
   */
  #learn(rows: readonly (readonly (string | null)[])[]): void {
    for (const [type, item, delimiter, base] of rows) {
      this.#types.set(Number(type), {
        ...(item !== "0" && { item: Number(item), delimiter: delimiter as string }),
        ...(base !== "0" && { base: Number(base) }),
      });
    }
  }
}

/** Selects the types with these object ids, and all that they are made of. */
function typesQuery(types: readonly number[]): Sql {
  return tag`
    with recursive met (type) as (
      select pg_catalog.unnest(${types}::pg_catalog.oid[])
      union
      select next.type
      from met
      join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) met.type
      cross join lateral (values (t.typelem), (t.typbasetype)) as next (type)
      where next.type operator(pg_catalog.<>) 0::pg_catalog.oid
    )
    select t.oid, case when a.oid is null then 0::pg_catalog.oid else t.typelem end, a.typdelim, t.typbasetype
    from met
    join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) met.type
    left join pg_catalog.pg_type a
      on a.oid operator(pg_catalog.=) t.typelem and a.typarray operator(pg_catalog.=) t.oid`;
}
