import { refuseArgument, shown } from "../../internal.js";

/** How to recognise what is often passed to the wrong `bind`, and what to do instead. */
const KNOWN: readonly (readonly [what: string, hint: string, isIt: (thing: Thing) => boolean])[] = [
  [
    "a handle",
    "Use it as it is, because it is bound already.",
    ({ nextval, begin, setval }) => isFunction(nextval, begin, setval) || isFunction(nextval, setval),
  ],
  [
    "a client of postgres.js",
    'Import bind from "nextval".',
    ({ unsafe, options }) => isFunction(unsafe) && isObject(options),
  ],
  [
    "a connection that postgres.js has reserved",
    'Bind the client itself, from "nextval".',
    ({ unsafe }) => isFunction(unsafe),
  ],
  ["a PGlite", 'Import bind from "nextval/pglite".', ({ exec, runExclusive }) => isFunction(exec, runExclusive)],
  ["a transaction of PGlite", "Bind the PGlite itself.", ({ exec, rollback }) => isFunction(exec, rollback)],
  [
    "a pool of pg",
    'Import bind from "nextval/pg".',
    ({ connect, query, totalCount }) => isFunction(connect, query) && typeof totalCount === "number",
  ],
  ["a client of pg", 'Import bind from "nextval/pg".', ({ query, getTypeParser }) => isFunction(query, getTypeParser)],
  ["a database of pg-promise", 'Bind its $pool, from "nextval/pg".', ({ $pool }) => isObject($pool)],
  [
    "a database of Drizzle",
    'Import bind from "nextval/drizzle", or bind its $client.',
    ({ $client }) => isObject($client) || isFunction($client),
  ],
  [
    "a transaction of Drizzle",
    'Import bind from "nextval/drizzle".',
    ({ selectDistinctOn, rollback }) => isFunction(selectDistinctOn, rollback),
  ],
  ["a Knex", 'Import bind from "nextval/knex".', ({ client, raw }) => isFunction(raw) && isObject(client)],
  [
    "a Kysely",
    'Import bind from "nextval/kysely", or bind the pool of its dialect.',
    ({ selectFrom }) => isFunction(selectFrom),
  ],
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
  for (const [what, hint, isIt] of KNOWN) if (isIt(thing)) return [what, hint];
  return undefined;
}

function isFunction(...things: readonly unknown[]): boolean {
  return things.every((thing) => typeof thing === "function");
}

function isObject(thing: unknown): boolean {
  return typeof thing === "object" && thing !== null;
}
