/**
 * Plays the first hour of a newcomer with what `npm install nextval` would install: the README's quickstart, `pull`
 * from a schema that has grown, `push` to an empty database, and the mistakes of `mistakes.md`.
 *
 * `npm run test:first-hour` plays it with npm, ES modules and the newest TypeScript, `-- --all` in every combination,
 * and `-- pnpm commonjs 5.9` in that one.
 */
import { COMBINATIONS, USUAL } from "./combination.js";
import { playAll } from "./play-all.js";

const words = process.argv.slice(2).filter((word) => word !== "--all");
const wanted = COMBINATIONS.filter((each) => words.every((word) => Object.values(each).includes(word)));
process.exitCode = (await playAll(process.argv.length > 2 ? wanted : [USUAL])) ? 0 : 1;
