import type { SequenceLike, SequenceNeeded } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { literal } from "../../sql/helpers/literal.js";
import { shown, wrongType } from "../messages.js";
import { readOnce } from "../resolve-options.js";
import { throwSequenceError, textProblem } from "../sequence-name.js";
import { quotedName, sequenceOf } from "../sequence.js";
import { statement } from "./ddl-statement.js";

/**
 * Sets the comment of a sequence: `text`, or the declared comment if no text is given. Null removes the comment.
 *
 * ```ts
 * commentOnSequence(orderSeq, "numbers of orders"); // comment on sequence "order_seq" is 'numbers of orders'
 * ```
 */
export function commentOnSequence(sequence: SequenceLike | SequenceNeeded, text?: string | null): Sql {
  const own = sequenceOf(sequence);
  const comment = text === undefined ? readOnce(own.seqOptions).comment : text;
  if (comment === undefined)
    return throwSequenceError(own, "commentOnSequence needs a text, because no comment is declared");
  if (comment !== null) {
    const problem =
      typeof comment === "string" ? textProblem(comment, "comment") : wrongType("comment", "a string", shown(comment));
    if (problem !== undefined) throwSequenceError(own, problem);
  }
  return statement(own, "comment on sequence", quotedName(own), "is", literal(comment).text);
}
