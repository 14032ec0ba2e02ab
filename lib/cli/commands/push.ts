import { applyPlan, type ApplyReport, type HazardCode, type Plan } from "../../catalog/index.js";
import type { Flags } from "../config/settings.js";
import { answersTo, describe, planAsJson } from "../report/describe-plan.js";
import { CommandError, REFUSED_BY_USER } from "../terminal/command-error.js";
import { ask, cannotAsk, isInteractive } from "../terminal/confirm.js";
import { errorMessage, explained } from "../terminal/error-message.js";
import { printError, print, printJson } from "../terminal/print.js";
import { count, text } from "../terminal/shown-text.js";
import { addAllow, addPlanning, type CliCommand } from "./command.js";
import { areMeant } from "./dotted-names.js";
import { type Planned, withPlan } from "./with-plan.js";

/** `nextval push`: applies the plan after confirmation. */
export const command: CliCommand = {
  summary: "change the database to match the declarations",
  details: `
Shows the changes and asks; without a terminal it needs --yes. It applies all changes
in one transaction, or none. A hazard has to be allowed by its code; a blocked one
cannot be allowed. It never changes a current value: only a sequence that was never
drawn from moves to a new declared start.

If a new sequence may be a renamed one, it stops until --rename or --new answers that;
--yes does not. An owner whose table does not exist yet is pending: push again after
the table exists.

Example:
  nextval push --declarations src/sequences.ts --allow CYCLE_REPEATS_KEYS --yes

Exit codes: 0 applied, or nothing can be changed now; 2 refused, a question is open, or
an error; 3 you answered no.
`,
  addOptions(command) {
    addAllow(addPlanning(command)).option("--yes", "apply without asking");
  },
  run: push,
};

function push(flags: Flags): Promise<number> {
  return withPlan(
    flags,
    flags.json === true ? (planned) => pushAsJson(planned, flags) : (planned) => pushInteractively(planned, flags),
  );
}

async function pushInteractively(planned: Planned, flags: Flags): Promise<number> {
  const { changes: first, pending: waiting, questions } = planned.plan;
  const mayAsk = flags.yes !== true && isInteractive();
  // On a terminal the questions follow one by one.
  print(describe({ changes: first, pending: waiting, questions: mayAsk ? [] : questions }, planned.settings.allow));
  if (!(await areMeant(planned.dotted, flags))) return unchanged();
  const answered = mayAsk ? await askQuestions(planned) : planned;
  if (answered === undefined) return unchanged();
  const { plan, settings, target } = answered;
  if (answered !== planned) print(text`\n${describe(plan, settings.allow)}`);
  if (plan.changes.length === 0) return 0;
  print(text``);
  const refusal = questionsLeft(plan) ?? refusalOf(plan, settings.allow);
  if (refusal !== null) throw refusal;
  const changes = count(plan.changes.length, "change");
  const these = text`${plan.changes.length === 1 ? "this change" : `these ${changes}`} to ${target}`;
  if (flags.yes === true) print(text`Applying ${these}.`);
  else {
    if (!isInteractive()) throw cannotAsk(`apply ${changes}`);
    if (!(await ask(text`Apply ${these}? [y/N] `))) {
      return unchanged();
    }
  }
  const { pending } = await applyAndPrint(answered);
  print(text`Applied ${changes}.`);
  const owners = pending.filter(({ kind }) => kind === "own");
  const identities = pending.filter(({ kind }) => kind === "identity");
  if (owners.length > 0)
    print(text`${count(owners.length, "owner")} pending: push again once the table and column exist.`);
  if (identities.length > 0) {
    print(text`${count(identities.length, "identity column")} pending: only a migration of the table changes that.`);
  }
  return 0;
}

function unchanged(): number {
  print(text`Nothing was changed.`);
  return REFUSED_BY_USER;
}

/** Asks every question of the plan, and plans again with the answers; undefined if an answer means to stop. */
async function askQuestions(planned: Planned): Promise<Planned | undefined> {
  const { plan, replan } = planned;
  if (plan.questions.length === 0) return planned;
  const renames = new Map<string, string>();
  const isNew = new Set<string>();
  for (const { subject, oldName, yes, message, otherwise } of plan.questions) {
    // A sequence can have only one new name, and a name belongs to only one sequence.
    if (renames.has(oldName) || [...renames.values()].includes(subject)) continue;
    const answer = await ask(text`\n${message}\n${otherwise} [y/N] `);
    if (yes === "new" && !answer) return undefined;
    if (yes === "rename" && answer) renames.set(oldName, subject);
    else isNew.add(subject);
  }
  for (const subject of renames.values()) isNew.delete(subject);
  return replan({ renames: Object.fromEntries(renames), new: [...isNew] });
}

/** Prints the plan in the document even if it was not applied. */
async function pushAsJson(planned: Planned, flags: Flags): Promise<number> {
  const { changes } = planned.plan;
  const document = planAsJson(planned.plan, planned.settings.allow);
  try {
    await areMeant(planned.dotted, flags);
    const refusal = questionsLeft(planned.plan) ?? refusalOf(planned.plan, planned.settings.allow);
    if (refusal !== null) throw refusal;
    if (changes.length > 0 && flags.yes !== true) throw cannotAsk(`apply ${count(changes.length, "change")}`);
    await applyAndPrint(planned);
  } catch (error) {
    printJson({ applied: false, ...document, error: explained(error) });
    printError(errorMessage(error));
    return 2;
  }
  printJson({ applied: changes.length > 0, ...document });
  return 0;
}

/** Returns why a plan with open questions is not applied, and how to answer them; null if there are none. */
function questionsLeft({ questions }: Plan): CommandError | null {
  if (questions.length === 0) return null;
  const answers = [...new Set(questions.map((question) => answersTo(question).join(" or ")))];
  const open = questions.length === 1 ? "1 question is open" : `${questions.length} questions are open`;
  const hint = `Add ${answers.join(", and ")}.`;
  return new CommandError(`Nothing was changed: ${open}, which --yes does not answer`, { hint });
}

function applyAndPrint({ db, plan, settings: { allow, lockTimeout } }: Planned): Promise<ApplyReport> {
  return applyPlan(db, plan, { allow, lockTimeout });
}

/** Returns why a plan cannot be applied, and which flags would allow it; null if it can. */
function refusalOf({ changes }: Plan, allow: readonly HazardCode[]): CommandError | null {
  const hazards = changes.flatMap((change) => change.hazards);
  const blocked = codesOf(hazards.filter((hazard) => hazard.blocked));
  if (blocked.length > 0) {
    const hint = "Change the declaration, because the server would refuse such a change, or could not be stopped.";
    const are = blocked.length === 1 ? "is" : "are";
    return new CommandError(`Nothing was changed: ${blocked.join(", ")} ${are} blocked, and cannot be allowed`, {
      hint,
    });
  }
  const missing = codesOf(hazards).filter((code) => !allow.includes(code));
  if (missing.length === 0) return null;
  const hint = `Add ${missing.map((code) => `--allow ${code}`).join(" ")} to accept them.`;
  return new CommandError("Nothing was changed: there are hazards that are not allowed", { hint });
}

function codesOf(hazards: readonly { readonly code: HazardCode }[]): HazardCode[] {
  return [...new Set(hazards.map(({ code }) => code))];
}
