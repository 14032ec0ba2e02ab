/**
 * The messages between server.ts and supervisor.mjs. The supervisor starts the server without a request: that is
 * request 0.
 */
export interface Request {
  id: number;
  command: "crash" | "start";
}

export interface Reply {
  id: number;
  address?: Address;
  error?: string;
}

export interface Address {
  /** Leads to the database `postgres`, as the superuser. */
  url: string;
  port: number;
  /** The data folder; gone once the server is stopped. */
  folder: string;
  /** The id of the process that owns the server. */
  supervisor: number;
}
