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

/**
 * Built-in array types, in pairs: the distance to the array type before, and to the type of the items. The distances
 * are the same for many, so they take half the room in a bundle. Source: `pg_type.dat` of PostgreSQL 14 to 18.
 */
const BUILT_IN: readonly number[] = [
  143, 1, 56, 85, 11, 139, 60, 195, 1, -4798, 1, 191, 1, 190, 356, 1, 22, 1, 68, 1, 56, 1, 16, 1, 209, 984, 1, 984, 1,
  984, 1, 984, 2, 984, 1, 984, 1, 984, 1, 984, 1, 984, 1, 983, 1, 983, 1, 983, 1, 983, 1, -28, 1, -28, 1, 996, 1, 417,
  1, 417, 1, 417, 1, 417, 1, 321, 1, 321, 5, 423, 1, 1002, 6, 1, 6, 211, 1, 172, 74, 1, 67, 100, 1, 100, 2, 1, 2, 1, 44,
  -469, 32, -1012, 7, 4, 291, 1, 2, 1, 638, 411, 6, 5, 1, 5, 1, 5, 1, 5, 1, 5, 76, 38, 662, -21, 2, 1, 270, 1, 422, 29,
  1, 2, 1, 30, 90, 1, 35, 1, 37, 5, 98, 1, 2, 1, 2, 1, 2, 1, 2, 1, 14, 1, 146, 1, 17, 1, 7, 1, 95, 1, 847, 1, 1111,
  1699, 1, 1619, 1, 1619, 1, 1619, 2, 1620, 2, 1621,
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
  let array = 0;
  for (let at = 0; at < BUILT_IN.length; at += 2) {
    array += BUILT_IN[at] as number;
    const item = array - (BUILT_IN[at + 1] as number);
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
