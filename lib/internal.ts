/**
 * The part of the core that subpaths may use and programs may not. It is built beside `index.ts`, and both import one
 * copy of the core. The package does not export it.
 */
export { type Advice, refuseArgument } from "./errors.js";
export { fillValues } from "./handle/drawing/fill-values.js";
export { checkKnown, optionsOf } from "./option-object.js";
export { shown } from "./sequence/messages.js";
export { readInteger, shapeProblem } from "./sequence/resolve-options.js";
export { throwSequenceError, sequenceName } from "./sequence/sequence-name.js";
export { declareSequence, drizzleKindOf, isSequence, quotedName, sequenceOf } from "./sequence/sequence.js";
export { dateText, isDate } from "./sql/date-text.js";
export { didYouMean } from "./sql/did-you-mean.js";
export { bytesOf, isText, MAX_NAME_BYTES, storedIdentifier } from "./sql/helpers/identifier.js";
export { writeBytes } from "./sql/hex-text.js";
export { codeOf } from "./sql/lexer.js";
export { asTemplate } from "./sql/shape.js";

// For the ports of drivers.
export { type Settings, type Stop, watch } from "./handle/running/call-limits.js";
export { createDatabase } from "./handle/handles/database.js";
export { createHostDatabase, createHostTransaction } from "./handle/handles/host.js";
export { exhausted, type Use } from "./handle/errors/exhausted.js";
export { isFatal, nextTurn, sleep } from "./handle/errors/lost-answer.js";
export type { Answer, AnswerRows, Host, Learn, Line, Port, Request, ReservedLine, Sent } from "./handle/port.js";
export { isServerError, type ServerError } from "./handle/errors/server-error.js";
export { ended } from "./handle/rules/session-rules.js";
export { RESET } from "./handle/transactions/run-reserved.js";
export { type Parse, parseArray } from "./handle/values/array-text.js";
export { otherDateStyle } from "./handle/values/other-date-style.js";
export { type Column, type Reading, Readings } from "./handle/values/reading.js";
export { TYPE_NAMES, UNKNOWN } from "./handle/values/write-values.js";
export { flatFragment, textFragment } from "./sql/fragment.js";
export { builtFragment, tag } from "./sql/tag.js";
