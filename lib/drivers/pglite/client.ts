/** A PGlite, as {@link bind} takes it: the parts of it that the port uses. They are described, not imported. */
export interface PGliteClient extends PGliteSession {
  /** Runs `work` in a transaction, which has the connection until it ends. */
  transaction<Result>(work: (transaction: PGliteSession) => Promise<Result>): Promise<Result>;
  /** The parsers of types, by OID. */
  readonly parsers: { readonly [type: string]: unknown };
}

/** A PGlite, or the inside of one of its transactions. */
export interface PGliteSession {
  query(text: string, values?: unknown[], options?: PGliteOptions): Promise<unknown>;
  exec(text: string): Promise<readonly unknown[]>;
}

export interface PGliteOptions {
  rowMode?: "array";
  serializers?: { [type: number]: (value: unknown) => string };
  parsers?: { [type: string]: (text: string) => unknown };
  paramTypes?: number[];
}

export interface PGliteResult {
  /** Values that PGlite has read by their types. */
  readonly rows: unknown[][];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  /** Since 0.5.5. */
  readonly command?: string;
  readonly rowCount?: number;
}
