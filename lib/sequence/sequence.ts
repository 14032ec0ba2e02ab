import type { CheckedName, CheckedOptions, GivenOptions } from "../../types/declaration.js";
import type { SequenceLike, SequenceNeeded, SequenceOptions } from "../../types/sequence-options.js";
import type { ValueOfOptions } from "../../types/value-of.js";
import { SQL, type Sql, type Spliceable } from "../sql/fragment.js";
import { identifier } from "../sql/helpers/identifier.js";
import { shown, wrongType } from "./messages.js";
import { freezeColumns, resolveOptions } from "./resolve-options.js";
import { checkName, throwSequenceError, refuseNonSequence } from "./sequence-name.js";

/**
 * A declared sequence, as `pgSequence` makes it. It is immutable. In a template it becomes its quoted, qualified name.
 *
 * ```ts
 * const invoiceSeq = pgSchema("billing").sequence("invoice_seq");
 * sql`select last_value from ${invoiceSeq}`; // select last_value from "billing"."invoice_seq"
 * ```
 */
export class PgSequence<
  Name extends string = string,
  Options extends object = SequenceOptions,
  Schema extends string | undefined = undefined,
> implements Spliceable {
  /** The name as declared, without its schema and without quotes. */
  readonly seqName: Name;
  /** Undefined if no schema was declared. The server's `search_path` then decides where the sequence is. */
  readonly schema: Schema;
  /** The options as declared. `resolveOptions` fills in the defaults. */
  readonly seqOptions: Options;
  #quotedName: Sql | undefined;

  /** @internal Checks its arguments, so an unchecked sequence cannot exist. */
  constructor(seqName: Name, seqOptions: Options, schema: Schema) {
    checkName(seqName, "the sequence name");
    if (schema !== undefined) checkName(schema, "the schema name");
    this.seqName = seqName;
    this.schema = schema;
    this.seqOptions = snapshot(seqName, seqOptions, schema) as Options;
    Object.freeze(this);
    resolveOptions(this);
  }

  get [SQL](): Sql {
    return (this.#quotedName ??=
      this.schema === undefined ? identifier(this.seqName) : identifier(this.schema, this.seqName));
  }
}

/**
 * Any sequence, with or without a schema and with any options.
 *
 * ```ts
 * const all: AnySequence[] = [orderSeq, pgSchema("billing").sequence("invoice_seq")];
 * for (const sequence of all) await db.query(createSequence(sequence, { ifNotExists: true }));
 * ```
 */
export type AnySequence = PgSequence<string, SequenceOptions, string | undefined>;

/**
 * The JavaScript type of a sequence's values.
 *
 * ```ts
 * const ticketSeq = pgSequence("ticket_seq", { as: "integer" });
 * type Ticket = ValueOf<typeof ticketSeq>; // number
 * ```
 */
export type ValueOf<Sequence extends { readonly seqOptions: object | undefined }> = ValueOfOptions<
  Sequence["seqOptions"]
>;

/**
 * Declares a sequence, and checks it by PostgreSQL's own rules.
 *
 * ```ts
 * const orderSeq = pgSequence("order_seq", { startWith: 100, increment: 2 });
 * createSequence(orderSeq); // create sequence "order_seq" increment by 2 start with 100
 * ```
 *
 * It accepts every option that PostgreSQL has for a sequence. The compiler checks the name and the options that are
 * literals; both are checked again at run time. Throws `INVALID_OPTIONS`, for example
 * `order_seq: startWith 5 is below minValue 100`. Source: "CREATE SEQUENCE".
 */
export function pgSequence<const Name extends string>(
  name: CheckedName<"the sequence name", Name>,
): PgSequence<Name, {}>;
export function pgSequence<const Name extends string, const Options extends object | undefined = SequenceOptions>(
  name: CheckedName<"the sequence name", Name>,
  options: CheckedOptions<Name, undefined, Options>,
): PgSequence<Name, GivenOptions<Options>>;
export function pgSequence(name: string, options?: object): AnySequence {
  return declareSequence(name, options, undefined);
}

/** A schema to declare sequences in, as {@link pgSchema} makes it. It is immutable. */
export class PgSchema<Schema extends string = string> {
  /** The name as declared, without quotes. */
  readonly schemaName: Schema;

  /** @internal */
  constructor(schemaName: Schema) {
    checkName(schemaName, "the schema name");
    this.schemaName = schemaName;
    Object.freeze(this);
  }

  /**
   * Declares a sequence in this schema, and checks it as `pgSequence` does.
   *
   * ```ts
   * pgSchema("billing").sequence("invoice_seq", { startWith: 100 });
   * // create sequence "billing"."invoice_seq" start with 100
   * ```
   */
  sequence<const Name extends string>(name: CheckedName<"the sequence name", Name>): PgSequence<Name, {}, Schema>;
  sequence<const Name extends string, const Options extends object | undefined = SequenceOptions>(
    name: CheckedName<"the sequence name", Name>,
    options: CheckedOptions<Name, Schema, Options>,
  ): PgSequence<Name, GivenOptions<Options>, Schema>;
  sequence(name: string, options?: object): AnySequence {
    return declareSequence(name, options, this.schemaName);
  }
}

/**
 * Names a schema to declare sequences in. Without a schema, the server's `search_path` decides where a sequence is.
 *
 * ```ts
 * const invoiceSeq = pgSchema("billing").sequence("invoice_seq");
 * createSequence(invoiceSeq); // create sequence "billing"."invoice_seq"
 * ```
 *
 * Throws `INVALID_OPTIONS` for a name that PostgreSQL cannot store unchanged.
 */
export function pgSchema<const Schema extends string>(name: CheckedName<"the schema name", Schema>): PgSchema<Schema>;
export function pgSchema(name: string): PgSchema {
  return new PgSchema(name);
}

/** Drizzle's mark for the kind of an object. */
const DRIZZLE_KIND = /* @__PURE__ */ Symbol.for("drizzle:entityKind");

/** Returns the kind that Drizzle gave a class, such as "PgTable"; undefined for any other class. */
export function drizzleKindOf(constructor: unknown): string | undefined {
  const kind = (constructor as { [DRIZZLE_KIND]?: unknown } | null | undefined)?.[DRIZZLE_KIND];
  return typeof kind === "string" ? kind : undefined;
}

/**
 * Tells whether a value is a sequence of this copy of the library, of another copy, or of Drizzle. All carry a symbol,
 * so data parsed from JSON is not a sequence.
 */
export function isSequence(given: unknown): given is SequenceLike {
  if (typeof given !== "object" || given === null) return false;
  if (SQL in given) return "seqName" in given && typeof given.seqName === "string";
  return drizzleKindOf(given.constructor) === "PgSequence";
}

/** Returns the sequence itself, or ours for one of Drizzle's. Refuses anything else. */
export function sequenceOf(given: SequenceLike | SequenceNeeded): AnySequence {
  if (!isSequence(given)) return refuseNonSequence(given);
  if (SQL in given) return given as AnySequence;
  return declareSequence(given.seqName, given.seqOptions, given.schema);
}

/** The name of a sequence as a statement has it: `"billing"."invoice_seq"`. */
export function quotedName(sequence: SequenceLike): string {
  return sequenceOf(sequence)[SQL].text;
}

/** Declares a sequence whose name, options and schema the compiler has not checked. */
export function declareSequence(name: unknown, options: object = {}, schema: string | undefined): AnySequence {
  return new PgSequence<string, SequenceOptions, string | undefined>(name as string, options, schema);
}

/** Reads the options once, so the checked values are the ones that are kept. */
function snapshot(seqName: string, options: object, schema: string | undefined): SequenceOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throwSequenceError(
      { seqName, schema },
      wrongType("the options", "an object", Array.isArray(options) ? "an array" : shown(options)),
      "INVALID_OPTIONS",
    );
  }
  return Object.freeze(freezeColumns({ ...options })) as SequenceOptions;
}
