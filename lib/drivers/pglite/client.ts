/** A PGlite, as {@link bind} takes it: the parts of it that the port uses. They are described, not imported. */
export interface PGliteClient {
  /** Runs messages of the protocol, and returns the server's. */
  execProtocolStream(message: Uint8Array, options?: PGliteOptions): Promise<readonly { readonly name: string }[]>;
  /** Keeps statements of others waiting while `work` runs. */
  runExclusive<Result>(work: () => Promise<Result>): Promise<Result>;
  /**
   * Keeps statements and transactions of others waiting while `work` runs. `query` and `transaction` of PGlite (0.5.16)
   * themselves call it. Nothing that is documented keeps transactions waiting.
   */
  _runExclusiveTransaction<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits until it is open. Throws if it is closed. */
  _checkReady(): Promise<void>;
  /** Writes what has changed to where the files are kept, as `query` does after each statement. */
  syncToFs(): Promise<void>;
  /** Takes what COPY has written to `/dev/blob`. Otherwise the next `query` of the program would. */
  _getWrittenBlob(): Promise<unknown>;
  /** The parsers of types, by OID. */
  readonly parsers: { readonly [type: string]: unknown };
}

export interface PGliteOptions {
  syncToFs?: boolean;
  throwOnError?: boolean;
}

/** The messages of the server that the port reads. Errors are instances of Error. */
export type BackendMessage =
  | {
      readonly name: "rowDescription";
      readonly fields: readonly { readonly name: string; readonly dataTypeID: number; readonly tableID: number }[];
    }
  | { readonly name: "dataRow"; readonly fields: (string | null)[] }
  | { readonly name: "commandComplete"; readonly text: string }
  | { readonly name: "readyForQuery"; readonly status: string }
  | { readonly name: "parseComplete" | "bindComplete" | "emptyQuery" | "error" };
