import { spawnSync } from "node:child_process";

// The property tests with more cases than an ordinary run has time for, and those of the compilers with one more of them.
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "test/property", "test/unit/compiler", "test/unit/package"],
  {
    stdio: "inherit",
    env: {
      NEXTVAL_COMPILERS: "all",
      NEXTVAL_PLAN_PAIRS: "5000",
      NEXTVAL_DECLARATIONS: "6000",
      NEXTVAL_TEXTS: "2000",
      ...process.env,
    },
  },
);
process.exitCode = status ?? 1;
