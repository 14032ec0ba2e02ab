import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../../config.js";
import { CommandError, throwCommandError } from "../terminal/command-error.js";
import { redact } from "../terminal/redact.js";
import type { OpenClient } from "./client.js";
import { openPg } from "./open-pg.js";
import { openPostgresJs } from "./open-postgres-js.js";

type Driver = NonNullable<Config["driver"]>;

/** The drivers, in the order in which they are tried. They return undefined if they are not installed. */
const DRIVERS: Readonly<Record<Driver, () => Promise<OpenClient | undefined>>> = {
  async postgres() {
    const driver = await installed("postgres", () => import("postgres"));
    return driver && ((target) => openPostgresJs(driver.default, target));
  },
  async pg() {
    const driver = await installed("pg", () => import("pg"));
    return driver && ((target) => openPg(driver.default, target));
  },
};

/** Returns the function that opens clients of this driver, or of the first one that the project has. */
export async function chooseDriver(asked: Driver | undefined): Promise<OpenClient> {
  if (asked !== undefined) {
    const open = await DRIVERS[asked]();
    return open ?? throwCommandError(`The driver ${asked} is not installed`, `Run npm install ${asked}.`);
  }
  for (const find of Object.values(DRIVERS)) {
    const open = await find();
    if (open !== undefined) return open;
  }
  return throwCommandError(
    "The driver is missing: neither postgres nor pg is installed",
    "Run npm install postgres, or npm install pg.",
  );
}

/** Imports a driver from beside this package, or from the working folder. Returns undefined if neither has it. */
async function installed<Module>(name: Driver, load: () => Promise<Module>): Promise<Module | undefined> {
  try {
    return await load().catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      const file = createRequire(resolve("package.json")).resolve(name);
      return import(pathToFileURL(file).href) as Promise<Module>;
    });
  } catch (error) {
    if (isMissing(error)) return undefined;
    const reason = redact(error instanceof Error ? error.message : String(error));
    throw new CommandError(`The driver ${name} cannot be loaded: ${reason}`, { cause: error });
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
}
