import { apply } from "../catalog/index.js";
import { ask, isInteractive } from "./ask.js";
import { CommandError } from "./command-error.js";
import { areMeant } from "./dotted-names.js";
import { codeOf, explain } from "./explain.js";
import { complain, count, describe, say, sayJson } from "./output.js";
import { refusalOf } from "./refusal.js";
import type { Flags } from "./settings.js";
import { text } from "./shown-text.js";
import { type Planned, withPlan } from "./with-plan.js";

/** `nextval push`: applies the plan, after a question. */
export function push(flags: Flags): Promise<number> {
  return withPlan(
    flags,
    flags.json === true ? (planned) => pushAsJson(planned, flags) : (planned) => pushAloud(planned, flags),
  );
}

async function pushAloud(planned: Planned, flags: Flags): Promise<number> {
  const { plan, settings, target } = planned;
  say(describe(plan, settings.allow));
  if (plan.changes.length === 0) return 0;
  say(text``);
  const refusal = refusalOf(plan, settings.allow);
  if (refusal !== null) throw new CommandError(refusal);
  if (!(await areMeant(planned.dotted, flags))) {
    say(text`Nothing was changed.`);
    return 1;
  }
  const changes = count(plan.changes.length, "change");
  const these = text`${plan.changes.length === 1 ? "this" : "these"} ${changes} to ${target}`;
  if (flags.yes === true) say(text`Applying ${these}.`);
  else {
    if (!isInteractive()) throw new CommandError(unasked(changes));
    if (!(await ask(text`Apply ${these}? [y/N] `))) {
      say(text`Nothing was changed.`);
      return 1;
    }
  }
  await carryOut(planned);
  say(text`Applied ${changes}.`);
  return 0;
}

/** The document says what was to be done, too, where it was not done. */
async function pushAsJson(planned: Planned, flags: Flags): Promise<number> {
  const { changes, questions } = planned.plan;
  try {
    const refusal = refusalOf(planned.plan, planned.settings.allow);
    if (refusal !== null) throw new CommandError(refusal);
    await areMeant(planned.dotted, flags);
    if (changes.length > 0 && flags.yes !== true) throw new CommandError(unasked(count(changes.length, "change")));
    await carryOut(planned);
  } catch (error) {
    const message = explain(error);
    sayJson({ applied: false, changes, questions, error: { code: codeOf(error), message } });
    complain(message);
    return 2;
  }
  sayJson({ applied: changes.length > 0, changes, questions });
  return 0;
}

function unasked(changes: string): string {
  return `Nothing was changed: there is nobody to ask whether to apply ${changes}. Add --yes to apply without a question.`;
}

function carryOut({ db, plan, settings: { allow, lockTimeout } }: Planned): Promise<void> {
  return apply(db, plan, { allow, lockTimeout });
}
