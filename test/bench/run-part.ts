import { register } from "node:module";
import { pathToFileURL } from "node:url";
import { CHECKOUT } from "./checkout.js";
import type { Report } from "./report.js";

/** Runs one part of the bench for `index.ts`. */
register("./resolve-checkout.mjs", { parentURL: import.meta.url, data: pathToFileURL(CHECKOUT).href });
const { measure } = (await import(`./${process.argv[2]}.js`)) as { measure: () => Report | Promise<Report> };
const report = await measure();
process.send?.(report, () => process.disconnect());
