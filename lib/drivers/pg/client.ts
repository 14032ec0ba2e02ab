/**
 * The parts of node-postgres that the port uses. They are described, not imported, so everything with the interface of
 * `pg` fits: the pool of pg-promise, clients of Knex, Neon's pool.
 */

/** A pool of `pg`, as {@link bind} takes it: the parts of it that the port uses. */
export interface PgPool {
  /** Takes a client out of the pool, and passes it to `done` with the function that returns it. */
  connect(
    done: (error: Error | undefined, client: PgPoolClient | undefined, release: (error?: Error) => void) => void,
  ): void;
  /** Runs a statement on any client of the pool. */
  query(text: string): Promise<unknown>;
  /** How many clients the pool has. */
  readonly totalCount: number;
}

/** A connected client of `pg`, as {@link bind} takes it: the parts of it that the port uses. */
export interface PgClient {
  /** Runs a statement, after those that were sent before. */
  query(text: string): Promise<unknown>;
  /** Returns the parser of a type, by its OID. */
  getTypeParser(type: number, format: "text"): unknown;
  /** Adds a listener, such as one for a lost connection. */
  on(event: string, listener: (error: unknown) => void): unknown;
  /** Removes a listener. */
  removeListener(event: string, listener: (error: unknown) => void): unknown;
}

/** A client that was taken out of a pool. */
export interface PgPoolClient extends PgClient {
  release(error?: Error): void;
}

/** What a query is made of. Source: "pg.Client" and "pg.Result" in the documentation of node-postgres. */
export interface PgQuery {
  text: string;
  readonly rowMode: "array";
  types: { getTypeParser(): (text: string) => string };
  /** The extended protocol, also without values. */
  readonly queryMode?: "extended";
}

export interface PgResult {
  readonly command: string | null;
  readonly rowCount: number | null;
  readonly rows: (string | null)[][];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number; readonly tableID: number }[];
}
