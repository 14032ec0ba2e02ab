import type { ConnectionOptions } from "node:tls";
import type { Database } from "../../index.js";
import type { Host } from "./database-url.js";

/** What a driver connects to. Nothing is left to the driver's own defaults, so both drivers connect alike. */
export interface Target extends Host {
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly tls: false | ConnectionOptions;
  /** Whether statements may be prepared. */
  readonly prepare: boolean;
  /** Settings of the server, such as `search_path`. */
  readonly server: Readonly<Record<string, string>>;
}

/** A client with one connection, which it opens when it needs it. */
export interface Client {
  readonly db: Database;
  /** Closes the connection. A statement that still runs after this time is given up. */
  end(milliseconds: number): Promise<void>;
}

export type OpenClient = (target: Target) => Client;

export const CONNECT_TIMEOUT_S = 10;
