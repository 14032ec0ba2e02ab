/** Plays the pages one after another in this process, and writes what has happened to a file. */
import { writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { begin, end, finish, type Played } from "./stage.mjs";

const [results = "", ...folders] = process.argv.slice(2);
const played: Record<string, Played> = {};
let rejected: unknown;
process.on("unhandledRejection", (reason) => (rejected ??= reason));

/** A page that waits forever fails by itself, and the others go on. */
function tooLate(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error("The page does not end.")), 240_000).unref();
  });
}

for (const folder of folders) {
  const page = await begin(folder);
  played[folder] = page;
  rejected = undefined;
  try {
    await Promise.race([import(pathToFileURL(`${folder}/page.mjs`).href), tooLate()]);
    await finish();
    if (rejected !== undefined) throw rejected;
  } catch (error) {
    page.failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    await finish().catch(() => {});
  }
}
await end();
await writeFile(results, JSON.stringify(played));
process.exit();
