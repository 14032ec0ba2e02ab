import { types } from "@electric-sql/pglite";
import type { PGliteClient } from "nextval/pglite";
import type { Outcome, Start, StatementRequest, StatementResult } from "./messages";

type Session = Pick<PGliteClient, "query" | "exec">;
type Options = Parameters<PGliteClient["query"]>[2];
type Parsers = Record<string | number, (text: string, type: number) => unknown>;

/** Runs a statement elsewhere. */
export type Send = (request: Pick<StatementRequest, "text" | "values" | "types" | "isScript">) => Promise<Outcome>;

/** A PGlite that is in another thread: statements are sent, and their rows are read here as PGlite reads them. */
export class RemotePGlite implements PGliteClient {
  readonly parsers: Parsers;
  readonly #send: Send;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(send: Send, arrayTypes: Start["arrayTypes"]) {
    this.#send = send;
    this.parsers = { ...(types.parsers as unknown as Parsers) };
    for (const [type, array] of arrayTypes) {
      this.parsers[array] = (text) => types.arrayParser(text, types.parsers[type] as types.Parser, array);
    }
  }

  query(text: string, values?: unknown[], options?: Options): Promise<unknown> {
    return this.#alone(() => this.#query(text, values, options));
  }

  exec(text: string): Promise<readonly unknown[]> {
    return this.#alone(() => this.#exec(text));
  }

  /** Keeps others waiting. Nothing is begun: the only caller, a handle, begins and ends its transactions by itself. */
  transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    let isFresh = true;
    const session: Session = {
      query: (text, values, options) => this.#query(text, values, options),
      exec: async (text) => {
        const endsNothing = isFresh && text === "rollback";
        isFresh = false;
        return endsNothing ? [EMPTY] : this.#exec(text);
      },
    };
    return this.#alone(() => work(session));
  }

  async #query(text: string, values: unknown[] = [], options: Options = {}): Promise<unknown> {
    const sent = values.map((value) => (value === null ? null : String(value)));
    const result = await this.#run(text, sent, options.paramTypes ?? [], false);
    const parsers: Parsers = { ...this.parsers, ...options.parsers };
    const rows = result.rows.map((row) =>
      row.map((value, at) => {
        const type = result.columns[at]?.type ?? 0;
        return value === null ? null : (parsers[type]?.(value, type) ?? value);
      }),
    );
    return pgliteResult(result, rows);
  }

  async #exec(text: string): Promise<readonly unknown[]> {
    const result = await this.#run(text, [], [], true);
    return [pgliteResult(result, [])];
  }

  async #run(text: string, values: (string | null)[], types: number[], isScript: boolean): Promise<StatementResult> {
    const { result, error } = await this.#send({ text, values, types, isScript });
    if (error !== undefined) throw Object.assign(new Error(error["message"]), { name: "error", ...error });
    return result;
  }

  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

const EMPTY = { fields: [], rows: [], command: "", rowCount: null };

function pgliteResult({ columns, command, count }: StatementResult, rows: unknown[][]) {
  const fields = columns.map(({ name, type }) => ({ name, dataTypeID: type }));
  return { fields, rows, command, rowCount: count };
}
