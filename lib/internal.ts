/**
 * The part of the core that subpaths may use and programs may not. It is built beside `index.ts`, and both import one
 * copy of the core. The package does not export it.
 */
export type { Advice } from "./errors.js";
export { fillValues } from "./handle/fill-values.js";
export { checkKnown, optionsOf } from "./option-object.js";
export { shown } from "./sequence/messages.js";
export { readInteger } from "./sequence/resolve-options.js";
export { fail, sequenceName } from "./sequence/sequence-name.js";
export { declareSequence, drizzleKindOf, isSequence, quotedName, sequenceOf } from "./sequence/sequence.js";
export { nearest } from "./sql/did-you-mean.js";
export { isText } from "./sql/identifier.js";
export { asTemplate, refuseTooManyParameters } from "./sql/shape.js";
