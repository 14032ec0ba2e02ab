const given = process.env["NEXTVAL_TEST_RUNTIME"];
const [program = process.execPath, ...args] = JSON.parse(given ?? "[]") as string[];

/**
 * What runs the examples, the programs of the pages, and the command in tests. NEXTVAL_TEST_RUNTIME names Deno or Bun
 * with its arguments, as JSON; without it, this Node runs them. `npm run test:matrix` sets it.
 */
export const RUNTIME = { program, args, isThisNode: given === undefined };

/** Arguments of Node for a program with a PGlite, whose code takes longer to optimize than it then saves. */
export const FOR_PGLITE = RUNTIME.isThisNode ? ["--liftoff-only"] : [];
