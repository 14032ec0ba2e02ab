import type { Integer, SequenceLike, SequenceNeeded } from "../../types/sequence-options.js";
import { type Decode, SqlExpression } from "../sql/expression.js";
import { SQL, Sql } from "../sql/fragment.js";
import { quoteLiteral } from "../sql/helpers/literal.js";
import { Shape } from "../sql/shape.js";
import { admit } from "../sql/value.js";
import { type SequenceMark, sequenceMark } from "./mark.js";
import { shortened, shown } from "./messages.js";
import { readInteger, resolveOptions } from "./resolve-options.js";
import { throwSequenceError } from "./sequence-name.js";
import { sequenceOf, type ValueOf } from "./sequence.js";

/**
 * Draws the next value of a sequence.
 *
 * ```ts
 * sql`insert into orders (id) values (${nextval(orderSeq)})`;
 * // insert into orders (id) values (pg_catalog.nextval('"order_seq"'::pg_catalog.regclass))
 * ```
 *
 * Each call returns the same object, which can be spliced anywhere, including a column's default in DDL.
 *
 * A drawn value never returns to the sequence, not even after a rollback, so gaps are normal. Fails with
 * `SEQUENCE_EXHAUSTED` after the last value of a sequence that does not cycle. Source: PostgreSQL documentation,
 * "Sequence Manipulation Functions".
 */
export function nextval<Sequence extends SequenceLike>(
  sequence: Sequence | SequenceNeeded,
): SqlExpression<ValueOf<Sequence>> {
  return functionsOf(sequence as Sequence).nextval;
}

/**
 * Reads the value that `nextval` last returned for this sequence in this session. Needs a transaction or a session.
 *
 * ```ts
 * await tx`insert into items (order_id) values (${currval(orderSeq)})`;
 * // insert into items (order_id) values (pg_catalog.currval('"order_seq"'::pg_catalog.regclass))
 * ```
 *
 * Fails with `SEQUENCE_NOT_CALLED` if the session has not drawn a value from the sequence.
 */
export function currval<Sequence extends SequenceLike>(
  sequence: Sequence | SequenceNeeded,
): SqlExpression<ValueOf<Sequence>> {
  return functionsOf(sequence as Sequence).currval;
}

/**
 * Reads the value that `nextval` last returned in this session, for any sequence. Needs a transaction or a session.
 *
 * ```ts
 * sql`select ${lastval()}`; // select pg_catalog.lastval()
 * ```
 *
 * The value is always a bigint, because no sequence is named.
 */
export function lastval(): SqlExpression<bigint> {
  return LASTVAL;
}

const LASTVAL = /* @__PURE__ */ new SqlExpression(
  /* @__PURE__ */ new Shape(["pg_catalog.lastval()"], [], /* @__PURE__ */ sequenceMark("reads")),
  [],
  BigInt,
);

/**
 * Sets the current value of a sequence, and returns it. A rollback does not undo it.
 *
 * ```ts
 * sql`select ${setval(orderSeq, 500)}`;
 * // { text: `select pg_catalog.setval('"order_seq"'::pg_catalog.regclass, $1)`, values: [500n] }
 * sql`select ${setval(orderSeq, sql`(select max(id) from orders)`)}`;
 * ```
 *
 * If `isCalled` is true, which is the default, the next value is `value` plus the increment. If it is false, the next
 * value is `value` itself.
 *
 * Throws `INVALID_ARGUMENT` for null, because the server would silently leave the sequence unchanged. Throws
 * `SEQUENCE_OUT_OF_BOUNDS` for a value outside the sequence's bounds. A fragment is left to the server, which checks
 * the bounds but accepts null.
 */
export function setval<Sequence extends SequenceLike, Value extends Integer | Sql>(
  sequence: Sequence | SequenceNeeded,
  value: Value,
  isCalled?: boolean,
): SqlExpression<ValueOf<Sequence> | NullOf<Value>> {
  const own = sequenceOf(sequence);
  const { setval: short, setvalCalled: long, decode } = functionsOf(own);
  if (isCalled !== undefined && typeof isCalled !== "boolean") {
    return throwSequenceError(own, `setval takes true or false for isCalled, not ${shown(isCalled)}`);
  }
  const shape = isCalled === undefined ? short : long;
  const further = isCalled === undefined ? [] : [isCalled];
  const fragment = fragmentIn(value);
  const nested = Sql.tryShapeOf(fragment);
  if (nested !== null) {
    const holes = [nested, ...further.map(() => null)];
    return new SqlExpression(new Shape(shape.pieces, holes, ...shape.marks), [fragment, ...further], decode, true);
  }
  return new SqlExpression(shape, [boundedValue(own, "setval", value as Integer), ...further], decode);
}

/** Returns the fragment for one of any copy of this package. Returns anything else, such as a sequence, as it is. */
function fragmentIn(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !(SQL in value && "strings" in value)) return value;
  return admit(value, () => "the value of setval", 0);
}

/** Null if a sequence is set to a fragment, which may be null. */
type NullOf<Value> = [Value] extends [Integer] ? never : null;

/** @internal Returns the value as a bigint, or throws if `action` cannot set the sequence to it. */
export function boundedValue(sequence: SequenceLike, action: string, given: Integer): bigint {
  const { minValue, maxValue } = resolveOptions(sequence);
  const value = readInteger(given);
  if (value === undefined) {
    const text = typeof given === "string" ? JSON.stringify(shortened(given)) : shown(given);
    const reason = given === null && action === "setval" ? ", which PostgreSQL would silently ignore" : "";
    return throwSequenceError(
      sequence,
      `${action} takes a whole number, bigint or decimal string, not ${text}${reason}`,
    );
  }
  if (value < minValue || value > maxValue) {
    return throwSequenceError(
      sequence,
      `${action} takes a value from ${minValue} to ${maxValue}, not ${shown(given)}`,
      "SEQUENCE_OUT_OF_BOUNDS",
    );
  }
  return value;
}

/** Returns the function that turns the text from the server into a value of the sequence's type. */
export function decoderOf<Sequence extends SequenceLike>(
  sequence: Sequence | SequenceNeeded,
): Decode<ValueOf<Sequence>> {
  return functionsOf(sequence as Sequence).decode;
}

/**
 * The parts that are kept per sequence. Expressions without values are constants, and the others have a constant shape.
 */
interface Functions {
  readonly nextval: SqlExpression<never>;
  readonly currval: SqlExpression<never>;
  readonly setval: Shape;
  readonly setvalCalled: Shape;
  readonly decode: Decode<never>;
}

const functions = new WeakMap<SequenceLike, Functions>();

function functionsOf(sequence: SequenceLike): Functions {
  let known = functions.get(sequence);
  if (known === undefined) functions.set(sequence, (known = makeFunctions(sequence)));
  return known;
}

function makeFunctions(given: SequenceLike): Functions {
  const sequence = sequenceOf(given);
  // The argument is an identifier inside a string, so it is quoted twice. A regclass is bound to the sequence itself,
  // not looked up by name at each call. Source: "Sequence Manipulation Functions". Function and type are named with
  // their schema, because a function in another schema of the search_path could match better.
  const argument = `${quoteLiteral(sequence[SQL].text)}::pg_catalog.regclass`;
  const decode = decodeFor(sequence) as Decode<never>;
  const call = (name: string, use: SequenceMark["use"]) =>
    new SqlExpression<never>(
      new Shape([`pg_catalog.${name}(${argument})`], [], sequenceMark(use, sequence)),
      [],
      decode,
    );
  const mark = sequenceMark("sets", sequence);
  return {
    nextval: call("nextval", "draws"),
    currval: call("currval", "reads"),
    setval: new Shape([`pg_catalog.setval(${argument}, `, ")"], [null], mark),
    setvalCalled: new Shape([`pg_catalog.setval(${argument}, `, ", ", ")"], [null, null], mark),
    decode,
  };
}

function decodeFor(sequence: SequenceLike): Decode {
  const { mode } = resolveOptions(sequence);
  if (mode !== "number") return mode === "bigint" ? BigInt : String;
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value;
    return throwSequenceError(sequence, `the server gave ${text}, which is beyond 2^53-1`, "UNEXPECTED_VALUE", {
      hint: 'Use mode "bigint" or "string".',
    });
  };
}
