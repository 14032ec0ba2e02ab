import { type Port, Readings } from "../../internal.js";
import type { QueuedDriver, TextParameter } from "./driver.js";
import { QueuedPool } from "./pool.js";

const ports = new WeakMap<object, Port>();

/** Returns the port of a client. All handles of a client share it. */
export function serialPort<Client extends object>(client: Client, open: (client: Client) => QueuedDriver): Port {
  let port = ports.get(client);
  if (port === undefined) ports.set(client, (port = makePort(open(client))));
  return port;
}

/** The object ids of `int8` and `int8[]`, which the library reads itself: exactly. */
const EXACT = new Set([20, 1016]);

function makePort(driver: QueuedDriver): Port {
  const readings = Readings.by((type) => (EXACT.has(type) ? undefined : driver.readerOf(type)));
  const pool = new QueuedPool(driver, readings(undefined).byType);
  return {
    get user() {
      return driver.user;
    },
    readings,
    writer: { parameter: (text, type): TextParameter => ({ text, type }) },
    pool,
    reserve: (what, settings) => pool.reserve(what, settings),
  };
}
