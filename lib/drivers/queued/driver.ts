import type { Column, Parse, Request } from "../../internal.js";

/** What a driver offers whose connections run one statement at a time. */
export interface QueuedDriver {
  /** The role that the client logs in as, once it is known. */
  readonly user: string;
  /** How many connections the client has at most. */
  readonly max: number;
  /**
   * Takes a connection, and waits if all are in use. `reserved` is whether it is for more than one statement. By
   * callbacks, because the hops of promises cost each statement more than its own work.
   */
  connect(reserved: boolean, done: (connection: QueuedConnection) => void, failed: (error: unknown) => void): void;
  /** Returns the client's own reader of a type, or undefined. Called after a connection was taken. */
  readerOf(type: number): Parse | undefined;
}

/** A connection that was taken. */
export interface QueuedConnection {
  /** Runs a statement. Called only when the one before is answered. */
  run(statement: QueuedStatement, done: (result: Result) => void, failed: (error: unknown) => void): void;
  /** Whether no transaction is open; undefined if the driver does not tell. */
  readonly isIdle?: boolean | undefined;
  /** Whether the program uses it directly, too, so a session must leave it as it was. */
  readonly isOfProgram?: boolean;
  /** Whether statements of the program wait until it is returned. */
  readonly isLocked?: boolean;
  /** Whether the program sets it up when it is opened. It is then not used again after a session. */
  readonly hasSetup?: boolean;
  /** Calls the listener when the connection is lost. */
  onLoss(listener: (error: unknown) => void): void;
  /** Returns the connection. With an error, it is not used again. */
  release(broken?: unknown): void;
  /**
   * Asks the server to stop the statement that it works on. Sends the request only if `begin` returns true. Absent if
   * the driver has no way.
   */
  cancel?(begin: () => boolean): Promise<void>;
}

/** A statement, with the texts of its values. */
export interface QueuedStatement extends Pick<Request, "fragment" | "kind"> {
  readonly parameters: readonly TextParameter[];
}

/** The text of a value, and the type that it declares. */
export interface TextParameter {
  readonly text: string | null;
  readonly type: number;
}

/** The server's answer. */
export interface Result {
  readonly columns: readonly Column[];
  /** Values as the texts that the server sent. */
  readonly rows: readonly (string | null)[][];
  /** The server's tag, such as COMMIT. */
  readonly command: string;
  readonly count: number | null;
  /** What the driver itself failed with. The statement may have run. */
  readonly failure?: { readonly error: unknown } | undefined;
}
