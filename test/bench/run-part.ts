import type { Report } from "./report.js";

/** Runs one part of the bench for `index.ts`. */
const { measure } = (await import(`./${process.argv[2]}.js`)) as { measure: () => Report | Promise<Report> };
const report = await measure();
process.send?.(report, () => process.disconnect());
