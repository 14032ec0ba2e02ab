import type postgres from "postgres";
import { NextvalError } from "../error.js";
import type { SequenceMark } from "../sequence/mark.js";
import { sequenceName } from "../sequence/sequence.js";
import type { Decode } from "../sql/expression.js";
import { SQL, Sql, textFragment } from "../sql/fragment.js";
import type { Mark } from "../sql/shape.js";
import { columnDecoder, type Columns, decodeRows, withoutHoles } from "./decode.js";
import { Draws } from "./draw.js";
import { ANSWERED } from "./driver-connection.js";
import { nextTurn } from "./next-turn.js";
import { isServerError, translate } from "./translate.js";

/** What of a postgres.js client nextval uses; a pool, a reserved connection and a transaction all have it. */
export interface Client extends Pick<postgres.Sql, "unsafe" | "typed"> {
  /** Why it cannot be used any more. */
  readonly closed?: unknown;
}

/** A plain query would be unprepared when it has no values: postgres.js sends `unsafe` text through the simple protocol. */
const PREPARED = { prepare: true, simple: false };
const POOLED = { ...PREPARED, ...ANSWERED };
/** Behind such a statement a connection that was taken out of the pool goes back there. */
export const LAST = { ...PREPARED, last: true };

/** A postgres.js client and what there is to know about it. */
export class Connection {
  readonly #client: Client;
  readonly #options: postgres.ParsedOptions;
  /** Whether all its statements run in one session of the server. */
  readonly #pinned: boolean;
  #failure: unknown;
  #ended = false;
  #cursorOpen = false;
  #inner: Promise<unknown> | undefined;
  readonly draws: Draws = new Draws(this);

  constructor(client: Client, options: postgres.ParsedOptions, pinned: boolean) {
    this.#client = client;
    this.#options = options;
    this.#pinned = pinned;
  }

  /** The same settings for a reserved connection or transaction of this client. */
  pin(client: Client): Connection {
    return new Connection(client, this.#options, true);
  }

  /** The same connection with an account of failures of its own. */
  nested(): Connection {
    return this.pin(this.#client);
  }

  /** The first error of a statement, which leaves a transaction unfit to commit. */
  get failure(): unknown {
    return this.#failure;
  }

  /** From now on its handle is of no use: what it belonged to has ended, and others may have the connection. */
  end(): void {
    this.#ended = true;
  }

  /** Runs a transaction or savepoint on it. The server has them on one stack, so there is one at a time. */
  async nest<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#inner !== undefined)
      throw sessionRequired("a transaction or savepoint is open here already; await it first");
    try {
      const inner = work();
      this.#inner = inner;
      return await inner;
    } finally {
      this.#inner = undefined;
    }
  }

  /** Waits for a transaction or savepoint that nobody has awaited. */
  async idle(): Promise<void> {
    await this.#inner?.catch(() => {});
  }

  /** To postgres.js any other statement on a connection has to wait for the end of a cursor. */
  openCursor(): () => void {
    this.#cursorOpen = this.#pinned;
    return () => {
      this.#cursorOpen = false;
    };
  }

  /** The driver's query, which runs when it is first awaited. */
  prepare(fragment: Sql, options = this.#pinned ? PREPARED : POOLED): postgres.PendingQuery<postgres.Row[]> {
    // What follows in a session may read what was drawn before.
    if (this.#pinned) this.draws.flush();
    const values = fragment.values as postgres.ParameterOrJSON<never>[];
    values.forEach((value, index) => {
      // postgres.js would take an array for a value of the type of its first item; type 0 leaves the choice to the server.
      if (Array.isArray(value)) values[index] = this.#client.typed(value as never, 0);
    });
    return this.#client.unsafe(fragment.text, values, options);
  }

  /** Why a statement cannot run here, such as `currval` on a pool, whose next statement may run in any session. */
  refusal(fragment: Sql): unknown {
    if (this.#client.closed !== undefined) return this.#client.closed;
    if (this.#ended) return ended();
    if (this.#cursorOpen)
      return sessionRequired("a cursor is open on this session or transaction; leave its loop first");
    if (this.#pinned) return undefined;
    const drawn: SequenceMark[] = [];
    for (const mark of sequenceMarks(fragment)) {
      const { use, sequence } = mark;
      if (use === "draws") drawn.push(mark);
      if (use !== "reads" || (sequence === undefined ? drawn.length > 0 : drawn.some((each) => isSame(each, mark))))
        continue;
      const name = sequence && sequenceName(sequence);
      return sessionRequired(
        `${name === undefined ? "lastval()" : `${name}: currval`} belongs to one session, and a pool may use another one for every statement; ` +
          "run it in db.begin or db.session, or use the value that nextval returned",
        name,
      );
    }
    return undefined;
  }

  /** Decodes the `int8` values of rows in place. */
  decode<List extends readonly unknown[]>(rows: List, columns: Columns | undefined, fragment: Sql): List {
    withoutHoles(rows);
    const decoder = columnDecoder(Sql.shapeOf(fragment).marks, this.#options);
    if (decoder !== undefined) decodeRows(rows, columns ?? [], decoder);
    return rows;
  }

  /** Throws what a statement has failed with. */
  async fail(error: unknown, fragment: Sql): Promise<never> {
    const result = translate(error, sequenceMarks(fragment), this.#options.user);
    this.#failure ??= result;
    return raise(error, result);
  }

  /** The values of a statement's first column, as the texts that the server sent, past the parsers of the client. */
  async values(fragment: Sql): Promise<(string | null)[]> {
    return (await this.rows(fragment)).map(([value]) => value as string | null);
  }

  /** The rows of a statement, as the texts that the server sent, past the parsers of the client. */
  async rows(fragment: Sql): Promise<(string | null)[][]> {
    const refusal = this.refusal(fragment);
    if (refusal !== undefined) throw refusal;
    try {
      // At once, and not when it is awaited: it comes before what is sent after it.
      const rows = await this.prepare(fragment).raw().execute();
      refuseLost(rows);
      return withoutHoles(rows).map((row) => Array.from(row, (value) => (value === null ? value : String(value))));
    } catch (error) {
      return this.fail(error, fragment);
    }
  }

  /** The single value of a statement that returns one row of one column, which is never null. */
  async value<Value>(fragment: Sql, decode: Decode<Value>): Promise<Value> {
    const [text] = await this.values(fragment);
    return decode(text as string);
  }

  /** Runs a statement for what it does, and gives the server's word for it. */
  async run(text: string, options?: typeof PREPARED): Promise<string> {
    const fragment = textFragment(text);
    const refusal = this.refusal(fragment);
    if (refusal !== undefined) throw refusal;
    return (await this.prepare(fragment, options).catch(raise)).command;
  }
}

/**
 * A statement that was lost with its connection postgres.js (3.4.9) may take for answered when that is opened again, by an empty
 * result that is of no statement.
 */
export function refuseLost({ statement }: { readonly statement: unknown }): void {
  if (statement) return;
  throw Object.assign(new Error("the connection was closed before an answer came"), { code: "CONNECTION_CLOSED" });
}

/** Throws an error, or what it was translated to, when a connection that may be lost has been closed. */
async function raise(error: unknown, result = error): Promise<never> {
  if (!isServerError(error)) await nextTurn();
  throw result;
}

export function ended(): NextvalError {
  return sessionRequired("this session or transaction has ended, and its handle with it");
}

function sessionRequired(problem: string, sequence?: string): NextvalError {
  return new NextvalError("SESSION_REQUIRED", problem, { sequence });
}

function sequenceMarks(fragment: Sql): SequenceMark[] {
  return Sql.shapeOf(fragment).marks.filter(isSequenceMark);
}

function isSequenceMark(mark: Mark): mark is SequenceMark {
  return mark.kind === "sequence";
}

function isSame(one: SequenceMark, other: SequenceMark): boolean {
  return one.sequence?.[SQL].text === other.sequence?.[SQL].text;
}
