import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type postgres from "postgres";
import { expect } from "vitest";
import type { Server } from "./server.js";

/**
 * Makes a server a standby for as long as something is done, and then the primary again.
 *
 * A server that is killed, and started again with a `standby.signal` in its folder, is a standby that waits for more of
 * its primary's log. Source: "Continuous Archiving", "Standby Server Operation".
 */
export async function whileStandby(server: Server, client: postgres.Sql, work: () => Promise<void>): Promise<void> {
  // So it is consistent and answers immediately.
  await client`checkpoint`;
  await server.crash();
  await writeFile(join(server.folder, "standby.signal"), "", { mode: 0o666 });
  await server.start();
  try {
    const answers = () => client`select pg_is_in_recovery() as standby`.catch(() => []);
    await expect.poll(answers, { timeout: 20_000 }).toEqual([{ standby: true }]);
    await work();
  } finally {
    await client`select pg_promote()`;
  }
}
