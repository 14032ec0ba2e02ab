import type postgres from "postgres";
import { NextvalError } from "../../errors.js";
import { ended } from "../../handle/rules/session-rules.js";
import { Connection } from "../../handle/running/connection.js";
import { Held, Scope } from "../../handle/running/scope.js";
import { guardOptions } from "./guard-options.js";
import type { DriverConnection, DriverQuery } from "./internals.js";
import { checkEncoding, partsOf } from "./port.js";
import { statementMaker } from "./statement-maker.js";
import { TransactionLine } from "./transaction-line.js";

/** A transaction or savepoint of a client, as its `begin` passes it to its work. */
export type ClientTransaction = Pick<postgres.TransactionSql, "unsafe" | "typed">;

const connections = new WeakMap<ClientTransaction, Connection>();

/** Returns the connection of a transaction. All handles of the transaction share it. */
export function connectionOf(transaction: ClientTransaction): Connection {
  let connection = connections.get(transaction);
  if (connection === undefined) connections.set(transaction, (connection = open(transaction)));
  return connection;
}

function open(transaction: ClientTransaction): Connection {
  const { options, connection } = look(transaction);
  checkEncoding(options);
  guardOptions(options);
  const parts = partsOf({ typed: transaction.typed, options });
  const line = new TransactionLine(connection, statementMaker(transaction, parts.readings(undefined).byType));
  const reserve = () => Promise.reject(ended());
  // The program's own statements may have changed the role.
  const port = { ...parts, user: "", pool: line, reserve };
  return new Connection(port, { wait: 0 }, new Scope(new Held(line), true));
}

/** What an empty statement has found out about a transaction. */
interface Look {
  options?: postgres.ParsedOptions;
  connection?: DriverConnection;
}

const looks = new WeakMap<ClientTransaction, Look>();

/** Returns the client's options and the connection. They are unknown while a statement of the program blocks it. */
function look(transaction: ClientTransaction): Required<Look> {
  let found = looks.get(transaction);
  if (found === undefined) looks.set(transaction, (found = startLook(transaction)));
  const { options, connection } = found;
  if (options === undefined || connection === undefined) {
    throw new NextvalError("INVALID_ARGUMENT", "bind takes a transaction whose own statements are answered", {
      hint: "Call bind before the first statement of the transaction, or await its statements first.",
    });
  }
  if (connection.reserved === null) throw ended();
  return { options, connection };
}

/**
 * Sends an empty statement with a helper: the driver (postgres.js 3.4.9) passes its options to each helper. They are in
 * no object that a program gets from `begin`.
 */
function startLook(transaction: ClientTransaction): Look {
  const found: Look = {};
  const onexecute = (connection: DriverConnection) => {
    found.connection = connection;
    return true;
  };
  const query = transaction.unsafe("", [], { simple: true, onexecute } as object) as unknown as DriverQuery;
  const makeHelper = transaction as unknown as (first: object) => { build: (...given: never[]) => string };
  const helper = makeHelper({});
  helper.build = (_before: string, _parameters: unknown, _types: unknown, options: postgres.ParsedOptions) => {
    found.options = options;
    query.args = [];
    return "";
  };
  query.strings = ["", ""];
  query.args = [helper];
  query.executed = true;
  query.handler(query);
  return found;
}
