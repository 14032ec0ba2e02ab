import type postgres from "postgres";
import { refuseArgument } from "../../errors.js";
import type { Settings } from "../../handle/call-limits.js";
import type { Port } from "../../handle/port.js";
import { Readings } from "../../handle/values/reading.js";
import type { Writer } from "../../handle/values/write-values.js";
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
  const { options } = client;
  const readings = Readings.by(readerOf(client), options.transform.column.from);
  const pool = new Pool(client, readings(undefined).byType);
  return {
    user: options.user,
    readings,
    writer: writerOf(client),
    pool,
    async reserve(what: string, settings: Settings) {
      if (pool.cannotReserve) refuseArgument(what, "needs a client with a max_pipeline of 1 or more");
      return Reserved.from(pool, settings);
    },
  };
}

function writerOf(client: Client): Writer {
  const serializers = client.options.serializers as Serializers;
  const writer: Writer = {
    parameter: parameterMaker(client),
    writeOwn: (value, place, at, path) =>
      isMarked(value) ? writeMarked(value, serializers, writer, place, at, path) : undefined,
  };
  return writer;
}
