import { isServerError, type ServerError } from "../../internal.js";

/** Where libraries keep the error of their driver: Drizzle, TypeORM, Sequelize, Objection, Prisma. */
const INNER = ["cause", "driverError", "original", "nativeError", "driverAdapterError", "meta"];

/** How many objects are searched, because getters may return new ones without end. */
const MAX_OBJECTS = 20;

/** Finds the server's error in an error of a host that has run `text`, or undefined. Never throws. */
export function serverErrorIn(error: unknown, text: string): ServerError | undefined {
  const objects = new Set([error]);
  // The loop also visits what it adds.
  for (const each of objects) {
    try {
      const found = isServerError(each) ? withoutStatement(each, text) : prismaError(each, error, text);
      if (found !== undefined) return found;
      if (!isObject(each)) continue;
      for (const key of INNER) if (objects.size < MAX_OBJECTS) objects.add(each[key]);
    } catch {
      // A getter or proxy of the library has thrown.
    }
  }
  return undefined;
}

/** Knex writes the statement before the message. */
function withoutStatement(error: ServerError, text: string): ServerError {
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
function prismaError(thing: unknown, cause: unknown, text: string): ServerError | undefined {
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
