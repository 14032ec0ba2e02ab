import type { SequenceLike } from "../../../types/sequence-options.js";
import type { Sql } from "../../sql/fragment.js";
import { literal } from "../../sql/literal.js";
import { shown, wrongType } from "../messages.js";
import { readOnce } from "../resolve-options.js";
import { fail, textProblem } from "../sequence-name.js";
import { quotedName } from "../sequence.js";
import { statement } from "./ddl-statement.js";

/**
 * Sets the comment of a sequence: `text`, or the declared comment if no text is given. Null removes the comment.
 *
 * ```ts
 * commentOnSequence(orderSeq, "numbers of orders"); // comment on sequence "order_seq" is 'numbers of orders'
 * ```
 */
export function commentOnSequence(sequence: SequenceLike, text?: string | null): Sql {
  const name = quotedName(sequence);
  const comment = text === undefined ? readOnce(sequence.seqOptions ?? {}).comment : text;
  if (comment === undefined) return fail(sequence, "commentOnSequence needs a text, because no comment is declared");
  if (comment !== null) {
    const problem =
      typeof comment === "string" ? textProblem(comment, "comment") : wrongType("comment", "a string", shown(comment));
    if (problem !== undefined) fail(sequence, problem);
  }
  return statement(sequence, "comment on sequence", name, "is", literal(comment).text);
}
