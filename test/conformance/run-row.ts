import { type Session, sql } from "nextval";
import { runSteps } from "./steps.js";

/** Pages whose rows run in a transaction each, which is rolled back. */
export const IN_TRANSACTION = ["create", "draw", "alter", "ownership", "identity", "privileges", "names", "migrate"];

/** Pages whose rows run outside a transaction, in a schema that is empty at first. */
export const IN_SESSION = ["transactions", "sessions", "operate"];

/** A schema that is the `search_path` of its sessions, and a role that may use it. */
export interface Ground {
  readonly schema: string;
  readonly role: string;
  readonly session: Session;
  /** A second session, if the server has one. */
  readonly other?: Session;
}

export async function createSchema({ session, schema, role }: Ground): Promise<void> {
  await session`create schema ${sql.identifier(schema)}`;
  await session`grant usage, create on schema ${sql.identifier(schema)} to ${sql.identifier(role)}`;
}

const DONE = Symbol("rolled back");

export async function runInTransaction(steps: string, { session, schema, role }: Ground): Promise<string> {
  let output = "";
  const ended = session.begin(async (handle) => {
    output = await runSteps(steps, { handle, schema, role });
    // oxlint-disable-next-line no-throw-literal
    throw DONE;
  });
  await ended.catch((error: unknown) => {
    if (error !== DONE) throw error;
  });
  return output;
}

export async function runInSession(steps: string, ground: Ground): Promise<string> {
  const { session, other, schema, role } = ground;
  const output = await runSteps(steps, { handle: session, schema, role, ...(other && { other }) });
  await session`drop schema ${sql.identifier(schema)} cascade`;
  await createSchema(ground);
  for (const each of [session, ...(other === undefined ? [] : [other])]) {
    for (const state of ["reset all", "reset role", "discard sequences", "discard temp"]) {
      await each.query(sql.raw(state));
    }
  }
  return output;
}
