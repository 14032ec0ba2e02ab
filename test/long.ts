import { spawnSync } from "node:child_process";

// The files that take long, and those that have fewer cases or rounds in an ordinary run; the property tests with more
// cases than an ordinary run has time for, and those of the compilers with all of them; a widening of more rows,
// failovers, ten million ids with kills, and the attacks of test/adversarial for an hour: four of the nine run at a
// time.
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    ".long.",
    "test/property",
    "test/adversarial",
    "test/database",
    "test/drivers",
    "test/cli",
    "test/unit/compiler",
    "test/unit/expressions",
  ],
  {
    stdio: "inherit",
    env: {
      NEXTVAL_LONG: "all",
      NEXTVAL_COMPILERS: "all",
      NEXTVAL_PLAN_PAIRS: "20000",
      NEXTVAL_IDENTITY_PAIRS: "1000",
      NEXTVAL_HAZARD_PAIRS: "5000",
      NEXTVAL_DECLARATIONS: "100000",
      NEXTVAL_SCHEMAS: "20000",
      NEXTVAL_LOCKED_AMONG: "1000",
      NEXTVAL_WIDEN_ROWS: "200000",
      NEXTVAL_FAILOVER_ROUNDS: "20",
      NEXTVAL_ATTACK_SECONDS: "1200",
      ...process.env,
    },
  },
);
// Every page of the site in both schemes.
const site = ["docs:build", "test:docs"].every(
  (script) =>
    spawnSync("npm", ["run", script], { stdio: "inherit", env: { ...process.env, NEXTVAL_LONG: "all" } }).status === 0,
);
process.exitCode = status === 0 && site ? 0 : 1;
