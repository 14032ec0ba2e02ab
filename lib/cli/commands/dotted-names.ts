import type { DatabaseState, Plan } from "../../catalog/index.js";
import type { SequenceLike } from "../../index.js";
import type { Flags } from "../config/settings.js";
import { argument } from "../report/describe-plan.js";
import { throwCommandError } from "../terminal/command-error.js";
import { ask, isInteractive } from "../terminal/confirm.js";
import { text } from "../terminal/shown-text.js";

/** A sequence that is declared with a dot in its name and without a schema. */
export interface DottedName {
  readonly name: string;
  readonly message: string;
  /** The declaration that was probably meant, in a sentence. */
  readonly hint: string;
  /** Whether the name is almost certainly a mistake: no such sequence exists, but a schema of its first part does. */
  readonly isMistake: boolean;
}

/**
 * Finds names such as `pgSequence("billing.order_seq")`. They are legal, and nearly always a mistake for a sequence of
 * a schema.
 */
export function dottedNames(
  declared: readonly SequenceLike[],
  { schemas }: Pick<DatabaseState, "schemas">,
  { changes }: Pick<Plan, "changes">,
): DottedName[] {
  return declared.flatMap(({ schema, seqName = "" }) => {
    const [, first, rest] = /^([^.]+)\.(.+)$/s.exec(seqName) ?? [];
    if (schema !== undefined || first === undefined || rest === undefined) return [];
    const meant = `pgSchema(${JSON.stringify(first)}).sequence(${JSON.stringify(rest)})`;
    const isCreated = changes.some(({ kind, subject }) => kind === "create" && subject === seqName);
    return [
      {
        name: seqName,
        message: `pgSequence(${JSON.stringify(seqName)}) declares a sequence with a dot in its name`,
        hint: `Declare ${meant} for a sequence of schema ${first}.`,
        isMistake: isCreated && schemas.includes(first),
      },
    ];
  });
}

/**
 * Whether `push` may continue: false if the user says that a name is a mistake. Fails if there is no terminal to ask.
 */
export async function areMeant(
  names: readonly DottedName[],
  flags: Pick<Flags, "new" | "yes" | "json">,
): Promise<boolean> {
  const open = names.filter(({ name, isMistake }) => isMistake && flags.new?.includes(name) !== true);
  const [first] = open;
  if (first === undefined) return true;
  if (flags.yes === true || flags.json === true || !isInteractive()) {
    const answers = open.map(({ name }) => `--new ${argument(name)}`).join(" ");
    const hint = `${first.hint.slice(0, -1)}, or add ${answers} if the dot is meant.`;
    return throwCommandError(`Nothing was changed: ${first.message}`, hint);
  }
  for (const { name } of open) {
    if (!(await ask(text`Create ${JSON.stringify(name)}, with the dot in its name? [y/N] `))) return false;
  }
  return true;
}
