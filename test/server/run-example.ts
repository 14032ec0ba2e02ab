/**
 * Runs an example on a server that lives as long as it does, or on the one at `DATABASE_URL`: `npm run example kysely`.
 */
import { spawn } from "node:child_process";
import { reachServer } from "./server.js";

const [name = "quickstart"] = process.argv.slice(2);
const { url, stop } = await reachServer();
try {
  const example = spawn(process.execPath, ["--import", "tsx", `examples/${name}.ts`], {
    stdio: "inherit",
    env: { ...process.env, DATABASE_URL: url },
  });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    example.on("error", reject);
    example.on("exit", (code) => resolve(code ?? 1));
  });
} finally {
  await stop();
}
