import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { withTemplate } from "../support/pglite.js";
import { FOR_PGLITE, RUNTIME } from "../support/runtime.js";
import { type ConsoleOfPage, typeAll, type Urls } from "./shell.js";
import { MARK, type Played } from "./stage.mjs";

/** Plays the pages of these folders in one process, and types the commands of their consoles. */
export async function playPages(
  player: string,
  folders: readonly string[],
  urls: Urls,
): Promise<Readonly<Record<string, Played>>> {
  const results = `${dirname(player)}/played.json`;
  const child = spawn(RUNTIME.program, [...RUNTIME.args, ...FOR_PGLITE, player, results, ...folders], {
    env: { ...process.env, ...(await withTemplate()), ...urls, OLD_URL: urls.DATABASE_URL },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith(MARK)) continue;
      const typed = await typeAll(JSON.parse(line.slice(MARK.length)) as ConsoleOfPage, urls);
      child.stdin.write(`${JSON.stringify(typed)}\n`);
    }
  } finally {
    child.kill();
  }
  await ended;
  return JSON.parse(await readFile(results, "utf8")) as Record<string, Played>;
}
