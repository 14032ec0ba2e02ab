import type { Sql } from "../../index.js";
import { isServerError, type ServerError } from "../../internal.js";

/** Where libraries keep the error of their driver: Drizzle, TypeORM, Sequelize, Objection, Prisma. */
const INNER = ["cause", "driverError", "original", "nativeError", "driverAdapterError"];

const MOST_LEVELS = 5;

/** Finds the server's error in an error of a host that has run `sent`. Returns undefined if there is none. */
export function serverErrorIn(error: unknown, sent: Sql): ServerError | undefined {
  let level: readonly unknown[] = [error];
  for (let depth = 0; depth < MOST_LEVELS; depth++) {
    for (const each of level) {
      if (isServerError(each)) return withoutStatement(each, sent);
      const ofPrisma = prismaError(each, error, sent);
      if (ofPrisma !== undefined) return ofPrisma;
    }
    level = level.flatMap(insideOf);
  }
  return undefined;
}

function insideOf(error: unknown): unknown[] {
  if (!isObject(error)) return [];
  const inside = INNER.map((key) => error[key]).filter(isObject);
  // Prisma's `meta` is not an error itself.
  return isObject(error["meta"]) ? [...inside, ...insideOf(error["meta"])] : inside;
}

/** Knex writes the statement before the message. */
function withoutStatement(error: ServerError, { text }: Sql): ServerError {
  const before = `${text} - `;
  if (!error.message.startsWith(before)) return error;
  return Object.create(error, { message: { value: error.message.slice(before.length) } }) as ServerError;
}

/** The server's functions that raise errors about sequences, by the function that was called. */
const ROUTINES: { readonly [called: string]: string } = {
  nextval: "nextval_internal",
  currval: "currval_oid",
  lastval: "lastval",
  setval: "do_setval",
};

/** Prisma's adapters (6.19) keep the code and the message of the server's error, and not its routine. */
function prismaError(thing: unknown, cause: unknown, { text }: Sql): ServerError | undefined {
  if (!isObject(thing)) return undefined;
  const { originalCode: code, originalMessage: message } = thing;
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  const called = CALLED.exec(message) ?? (message.includes("sequence") ? CALLED.exec(text) : null);
  const routine = ROUTINES[called?.[0] ?? ""] ?? "";
  return Object.assign(new Error(message, { cause }), { code, routine, severity: "ERROR" });
}

const CALLED = /\b(?:nextval|currval|lastval|setval)\b/;

function isObject(thing: unknown): thing is { readonly [key: string]: unknown } {
  return typeof thing === "object" && thing !== null;
}
