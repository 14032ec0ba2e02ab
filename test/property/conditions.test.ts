import * as fc from "fast-check";
import { bind, sql, type Sql } from "nextval";
import { expect, test } from "vitest";
import { useDatabase } from "../support/database.js";
import { cases } from "../support/effort.js";

const database = useDatabase({ max: 1 });
const RUNS = cases(150);

/** A condition, and what it is. `sql` has operators outside of any parentheses. */
interface Judged {
  readonly condition: Sql | null | undefined | false;
  readonly is: boolean | undefined;
}

const leaf: fc.Arbitrary<Judged> = fc.oneof(
  fc.boolean().map((is) => ({ condition: sql`${is}::boolean`, is })),
  fc.constantFrom<Judged>(
    { condition: sql`true or false`, is: true },
    { condition: sql`false and true or false`, is: false },
    { condition: sql`not true`, is: false },
    { condition: sql`1 = 1 -- and false`, is: true },
    { condition: null, is: undefined },
    { condition: undefined, is: undefined },
    { condition: false, is: undefined },
    { condition: sql.empty, is: undefined },
  ),
);

const { tree } = fc.letrec<{ tree: Judged }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("tree"), { maxLength: 4 }).map((all) => ({
      condition: sql.and(...all.map(({ condition }) => condition)),
      is: all.every(({ is }) => is ?? true),
    })),
    fc.array(tie("tree"), { maxLength: 4 }).map((all) => ({
      condition: sql.or(...all.map(({ condition }) => condition)),
      is: all.some(({ is }) => is ?? false),
    })),
  ),
}));

test(`${RUNS} conditions mean the same to the server as to JavaScript, alone and beside other operators`, async () => {
  const judged = fc.sample(fc.array(tree, { minLength: 1, maxLength: 4 }), { numRuns: RUNS, seed: 1 });
  const expected: boolean[] = [];
  const columns = judged.flatMap((all) => {
    const conditions = all.map(({ condition }) => condition);
    const isAll = all.every(({ is }) => is ?? true);
    const isAny = all.some(({ is }) => is ?? false);
    expected.push(!isAll, isAny && !isAll);
    return [sql`not ${sql.and(...conditions)}`, sql`${sql.or(...conditions)} and not ${sql.and(...conditions)}`];
  });
  const row = await bind(database.client)<{ all: boolean[] }>`select array[${sql.join(columns)}] as all`.one();
  expect(row.all).toEqual(expected);
  expect(new Set(expected)).toEqual(new Set([true, false]));
});
