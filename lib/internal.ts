/**
 * What the subpaths use of the core, and programs may not. It is built beside `index.ts`, and both import one copy of the core; the
 * package does not export it.
 */
export { optionsOf } from "./option-object.js";
export { nearest } from "./sql/did-you-mean.js";
