import { refuseArgument, shown } from "../../internal.js";

/**
 * What is often passed to the wrong `bind`, and what to do instead. It is recognised by its methods, and by a property
 * that it has.
 */
const KNOWN: readonly (readonly [what: string, hint: string, methods: readonly string[], property?: string])[] = [
  ["a handle", "Use it as it is, because it is bound already.", ["nextval", "setval"]],
  ["a client of postgres.js", 'Import bind from "nextval".', ["unsafe"], "options"],
  ["a connection that postgres.js has reserved", 'Bind the client itself, from "nextval".', ["unsafe"]],
  ["a PGlite", 'Import bind from "nextval/pglite".', ["exec", "runExclusive"]],
  ["a transaction of PGlite", "Bind the PGlite itself.", ["exec", "rollback"]],
  ["a pool of pg", 'Import bind from "nextval/pg".', ["connect", "query"], "totalCount"],
  ["a client of pg", 'Import bind from "nextval/pg".', ["query", "getTypeParser"]],
  ["a database of pg-promise", 'Bind its $pool, from "nextval/pg".', [], "$pool"],
  ["a database of Drizzle", 'Import bind from "nextval/drizzle", or bind its $client.', [], "$client"],
  ["a transaction of Drizzle", 'Import bind from "nextval/drizzle".', ["selectDistinctOn", "rollback"]],
  ["a Knex", 'Import bind from "nextval/knex".', ["raw"], "client"],
  ["a Kysely", 'Import bind from "nextval/kysely", or bind the pool of its dialect.', ["selectFrom"]],
];

type Thing = { readonly [name: string]: unknown };

/** Throws for an argument of `bind` that is none of its clients. `needed` is what it takes. */
export function refuseClient(given: unknown, needed: string, what = "bind"): never {
  const [description, hint] = describe(given);
  refuseArgument(what, `takes ${needed}, not ${description}`, hint);
}

type Description = readonly [what: string, hint?: string];

function describe(given: unknown): Description {
  if (typeof given === "string") return ["an address"];
  if (!isObject(given) && !isFunction(given)) return [shown(given)];
  const thing = given as object;
  const known = knownAs(thing);
  if (known !== undefined) return known;
  if (isFunction(given)) return ["a function"];
  const { name } = thing.constructor ?? {};
  if (name !== undefined && name !== "Object")
    return [`a ${name}`, 'Use "nextval/host", which serves any library that runs SQL.'];
  return [`this object: {${Object.keys(thing).slice(0, 5).join(", ")}}`];
}

/** Says what an object or function of a library is, and what to do with it. Returns undefined if it is not known. */
export function knownAs(given: object): Description | undefined {
  const thing = given as Thing;
  for (const [what, hint, methods, property] of KNOWN) {
    const hasMethods = methods.every((method) => isFunction(thing[method]));
    if (hasMethods && (property === undefined || thing[property] != null)) return [what, hint];
  }
  return undefined;
}

function isFunction(thing: unknown): boolean {
  return typeof thing === "function";
}

function isObject(thing: unknown): boolean {
  return typeof thing === "object" && thing !== null;
}
