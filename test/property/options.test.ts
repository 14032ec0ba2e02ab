import * as fc from "fast-check";
import { pgSequence } from "nextval";
import { expect, test } from "vitest";
import { COMPILERS, diagnose } from "../support/compiler.js";
import { useDatabase } from "../support/database.js";
import { firstSeed } from "../support/effort.js";

const database = useDatabase();

/**
 * Options that every rule of the server is about; what is refused beyond those rules is in
 * test/unit/declaration.test.ts.
 */
const INTEGERS = ["startWith", "increment", "minValue", "maxValue", "cache"] as const;
const CLAUSES = {
  startWith: "start with",
  increment: "increment by",
  minValue: "minvalue",
  maxValue: "maxvalue",
  cache: "cache",
};
type IntegerOption = (typeof INTEGERS)[number];
type DrawnOptions = { [Option in IntegerOption]?: bigint } & {
  as?: "smallint" | "integer" | "bigint";
  cycle?: boolean;
};

const LIMITS = [2n ** 15n, 2n ** 31n, 2n ** 53n, 2n ** 63n, 10n ** 19n];

/** Around 0, around the limits of the types, and anywhere. */
const value = fc.oneof(
  { weight: 5, arbitrary: fc.bigInt(-3n, 12n) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...LIMITS), fc.bigInt(-2n, 2n), fc.constantFrom(1n, -1n))
      .map(([limit, offset, sign]) => sign * (limit + offset)),
  },
  { weight: 1, arbitrary: fc.bigInt(-(2n ** 64n), 2n ** 64n) },
);

const drawn: fc.Arbitrary<DrawnOptions> = fc
  .record(
    {
      startWith: value,
      increment: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(1n, -1n, 5n) }, value),
      minValue: value,
      maxValue: value,
      cache: fc.oneof({ weight: 3, arbitrary: fc.bigInt(1n, 50n) }, value),
      as: fc.constantFrom("smallint" as const, "integer" as const, "bigint" as const),
      cycle: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  // With all options together, nearly every declaration would be refused for some reason.
  .chain((options) =>
    fc
      .shuffledSubarray(Object.entries(options), { maxLength: Math.min(4, Object.keys(options).length) })
      .map((entries) => Object.fromEntries(entries) as DrawnOptions),
  );

const SIZE = Number(process.env["NEXTVAL_DECLARATIONS"] ?? 150);
const TIMEOUT = 120_000 + SIZE * 10;

test(`pgSequence refuses exactly what the server refuses, in ${SIZE} draws`, { timeout: TIMEOUT }, async () => {
  const draws = fc.sample(drawn, { numRuns: SIZE, seed: firstSeed() });
  const server = await refusals(draws.map(sqlOf));
  const library = draws.map((options) => refusal(() => pgSequence("s", options)));
  const disagreed = draws.flatMap((options, index) =>
    (server[index] === undefined) === (library[index] === undefined)
      ? []
      : { sql: sqlOf(options), server: server[index], library: library[index] },
  );
  expect(disagreed).toEqual([]);

  const share = server.filter((each) => each !== undefined).length / SIZE;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.8);
});

test("the server refuses fractions too", async () => {
  const [message] = await refusals(["create sequence s start with 0.5"]);
  expect(message).toContain("invalid input syntax");
});

/** How a value can be written in a declaration; a number beyond 2^53-1 is refused by the library alone. */
const written = fc.tuple(value, fc.constantFrom("number", "bigint", "string")).map(([integer, form]) => {
  if (form === "number") return `${integer}`;
  return form === "bigint" ? `${integer}n` : `"${integer}"`;
});
const odd = fc.constantFrom("0.5", '"0.5"', '"x"', "1e3", "1e21", "-0", '"-0"', '"07"', "true", '""', "0x10", "1_000n");

const declaration = drawn.chain((options) =>
  fc
    .tuple(
      ...Object.entries(options).map(([key, option]) =>
        typeof option === "bigint"
          ? fc.oneof({ weight: 9, arbitrary: written }, { weight: 1, arbitrary: odd }).map((text) => `${key}: ${text}`)
          : fc.constant(`${key}: ${JSON.stringify(option)}`),
      ),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant("") },
        fc.constantFrom(...["number", "string"].map((m) => `mode: "${m}"`)),
      ),
    )
    .map((parts) => `pgSequence("s", { ${parts.filter((part) => part !== "").join(", ")} });`),
);

test.each(Object.entries(COMPILERS))(
  "%s rejects exactly the declarations that the run time rejects, in the same words",
  { timeout: TIMEOUT },
  async (_, compiler) => {
    // A compiler takes longer than the server.
    const declarations = fc.sample(declaration, { numRuns: Math.ceil(SIZE / 3), seed: firstSeed() });
    const found = await diagnose(compiler, declarations);
    const disagreed = declarations.flatMap((code, index) => {
      const runTime = refusal(() => new Function("pgSequence", code)(pgSequence));
      const compileTime = found.filter(({ line }) => line === index + 1).map(({ text }) => text);
      // The compiler names all the options that are wrong by themselves, the run time the first.
      const agree =
        runTime === undefined ? compileTime.length === 0 : compileTime.some((text) => text.includes(`"${runTime}"`));
      return agree ? [] : { code, runTime, compileTime };
    });
    expect(disagreed).toEqual([]);
  },
);

/** Written by hand, so the library's own statements are not judged by themselves. */
function sqlOf(options: DrawnOptions): string {
  const clauses = INTEGERS.flatMap((option) =>
    options[option] === undefined ? [] : `${CLAUSES[option]} ${options[option]}`,
  );
  const type = options.as === undefined ? "" : ` as ${options.as}`;
  return `create sequence s${type} ${clauses.join(" ")} ${options.cycle === true ? "cycle" : "no cycle"}`;
}

/**
 * Returns the server's error for each statement, or undefined if it accepts it. It takes one round trip, and leaves
 * nothing.
 */
async function refusals(statements: readonly string[]): Promise<(string | undefined)[]> {
  // The function is in the session's own schema, so both statements need the same session.
  const rows = await database.client.begin(async (transaction) => {
    await transaction.unsafe(`
      create or replace function pg_temp.refusal(statement text) returns text language plpgsql as $$
      begin
        execute statement;
        raise sqlstate 'ZZ000';
      exception
        when sqlstate 'ZZ000' then return null;
        when others then return sqlerrm;
      end $$`);
    return transaction.unsafe<{ message: string | null }[]>(
      "select pg_temp.refusal(s) as message from unnest($1::text[]) with ordinality as t (s, n) order by n",
      [statements as string[]],
    );
  });
  return rows.map(({ message }) => message ?? undefined);
}

function refusal(declare: () => unknown): string | undefined {
  try {
    declare();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
