import { spawnSync } from "node:child_process";

// The property tests with more cases than an ordinary run has time for.
const { status } = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "test/property"], {
  stdio: "inherit",
  env: { NEXTVAL_PLAN_PAIRS: "5000", NEXTVAL_DECLARATIONS: "6000", NEXTVAL_TEXTS: "2000", ...process.env },
});
process.exitCode = status ?? 1;
