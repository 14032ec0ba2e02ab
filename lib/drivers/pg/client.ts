/**
 * The parts of node-postgres that the port uses. They are described, not imported, so everything with the interface of
 * `pg` fits: the pool of pg-promise, clients of Knex, Neon's pool.
 */

/** A pool of `pg`. */
export interface PgPool {
  connect(
    done: (error: Error | undefined, client: PgPoolClient | undefined, release: (error?: Error) => void) => void,
  ): void;
  query(text: string): Promise<unknown>;
  readonly totalCount: number;
}

/** A client of `pg`. */
export interface PgClient {
  query(text: string): Promise<unknown>;
  getTypeParser(type: number, format: "text"): unknown;
  on(event: string, listener: (error: unknown) => void): unknown;
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
