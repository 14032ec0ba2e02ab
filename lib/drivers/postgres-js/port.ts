import type postgres from "postgres";
import { NextvalError, refuseArgument } from "../../errors.js";
import type { Port } from "../../handle/port.js";
import type { Settings } from "../../handle/running/call-limits.js";
import { Readings } from "../../handle/values/reading.js";
import type { Writer } from "../../handle/values/write-values.js";
import { guardOptions } from "./guard-options.js";
import { isMarked, type Serializers, writeMarked } from "./marked-value.js";
import { parameterMaker } from "./parameter.js";
import { Pool } from "./pool.js";
import { readerOf } from "./reader-of.js";
import { Reserved } from "./reserve.js";

/** The part of a postgres.js client that a port needs. */
export type Client = Pick<postgres.Sql, "unsafe" | "typed" | "options">;

const ports = new WeakMap<Client, Port>();

/** Returns the port of a client. All handles of a client share it. */
export function portOf(client: Client): Port {
  let port = ports.get(client);
  if (port === undefined) ports.set(client, (port = makePort(client)));
  return port;
}

function makePort(client: Client): Port {
  checkEncoding(client.options);
  guardOptions(client.options);
  const parts = partsOf(client);
  const pool = new Pool(client, parts.readings(undefined).byType);
  return {
    ...parts,
    pool,
    async reserve(what: string, settings: Settings) {
      if (pool.cannotReserve) refuseArgument(what, "needs a client with a max_pipeline of 1 or more");
      return Reserved.from(pool, settings);
    },
  };
}

/** Returns the parts of a port that do not depend on how its statements are sent. */
export function partsOf(client: Pick<Client, "typed" | "options">): Pick<Port, "user" | "readings" | "writer"> {
  const { options } = client;
  return {
    // Settings may name another role than the one that logs in.
    user: "role" in options.connection || "options" in options.connection ? "" : options.user,
    readings: Readings.by(readerOf(client), options.transform.column.from),
    writer: writerOf(client),
  };
}

/** Refuses encodings whose characters may end in a backslash or a quotation mark. */
export function checkEncoding({ connection }: Pick<Client["options"], "connection">): void {
  const { client_encoding: encoding = "UTF8" } = (connection ?? {}) as { client_encoding?: unknown };
  if (/^'?(?:utf-?8|unicode)'?$/i.test(String(encoding))) return;
  const problem = "because postgres.js writes and reads everything as UTF-8";
  throw new NextvalError(
    "INVALID_ARGUMENT",
    `bind takes a client without client_encoding ${String(encoding)}, ${problem}`,
  );
}

function writerOf(client: Pick<Client, "typed" | "options">): Writer {
  const serializers = client.options.serializers as Serializers;
  const writer: Writer = {
    parameter: parameterMaker(client),
    writeOwn: (value, place, at, path) =>
      isMarked(value) ? writeMarked(value, serializers, writer, place, at, path) : undefined,
  };
  return writer;
}
