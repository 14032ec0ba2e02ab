import type { Change, Hazard, HazardCode, Pending, Plan, Question } from "../../catalog/index.js";
import { color } from "../terminal/color.js";
import { count, lines, type ShownText, text } from "../terminal/shown-text.js";
import { describeAdvice } from "./describe-advice.js";

/** A plan as JSON: each hazard of a change also says whether it is allowed. */
export function planAsJson({ changes, pending, questions }: Plan, allow: readonly HazardCode[]) {
  const allowed = ({ code, blocked }: Hazard) => !blocked && allow.includes(code);
  return {
    changes: changes.map((change) => ({
      ...change,
      hazards: change.hazards.map((hazard) => ({ ...hazard, allowed: allowed(hazard) })),
    })),
    pending,
    questions,
  };
}

/** Formats a plan for people: each change with its SQL and its hazards, then the pending owners, then the questions. */
export function describe(
  { changes, pending, questions }: Pick<Plan, "changes" | "pending" | "questions">,
  allow: readonly HazardCode[],
): ShownText {
  const nothing = pending.length === 0 ? text`Nothing differs.` : text`Nothing can be changed now.`;
  const heading = changes.length === 0 ? nothing : text`${count(changes.length, "change")}:`;
  const blocks = changes.map((change) => describeChange(change, allow));
  return lines([heading, ...blocks, ...describeAllPending(pending), ...questions.map(describeQuestion)], "\n\n");
}

/** Formats a change with its SQL and its hazards. */
export function describeChange({ kind, subject, sql, hazards }: Change, allow: readonly HazardCode[]): ShownText {
  const paint = kind === "drop" ? color.red : kind.startsWith("create") ? color.green : color.yellow;
  return lines([
    text`${paint(kind)} ${color.bold(subject)}`,
    text`  ${sql};`,
    ...hazards.map((each) => describeHazard(each, allow)),
  ]);
}

function describeHazard(hazard: Hazard, allow: readonly HazardCode[]): ShownText {
  const { code, message, blocked } = hazard;
  const label = blocked
    ? color.red(`! ${code} (blocked)`)
    : allow.includes(code)
      ? color.dim(`! ${code} (allowed)`)
      : color.yellow(`! ${code}`);
  const isAllowed = !blocked && allow.includes(code);
  return lines([text`  ${label} ${message}`, ...(isAllowed ? [] : describeAdvice(hazard, "    "))]);
}

/** Describes what is pending with the SQL to run later. Only the first of several owners has the hint of all. */
function describeAllPending(pending: readonly Pending[]): ShownText[] {
  const owners = pending.filter(({ kind }) => kind === "own");
  const identities = pending.filter(({ kind }) => kind === "identity");
  const explained = owners.find(({ warning }) => warning === null);
  const waiting = `${count(identities.length, "identity column")} pending`;
  return [
    ...(owners.length === 0
      ? []
      : [
          text`${count(owners.length, "owner")} pending: push again once the table and column exist, or run:`,
          ...owners.map((each) => describePending(each, each.warning !== null || each === explained)),
        ]),
    ...(identities.length === 0
      ? []
      : [
          text`${waiting}, which a migration of the table has to change, such as with:`,
          ...identities.map((each) => describePending(each)),
        ]),
  ];
}

/** Formats what is pending with the SQL to run later, and by default with what to do. */
export function describePending({ sql, message, warning, hint }: Pending, isExplained = true): ShownText {
  return lines([
    text`${color.yellow("pending")} ${message}`,
    text`  ${sql};`,
    ...(warning === null ? [] : [text`  ${color.yellow("! Warning:")} ${warning}`]),
    ...(isExplained ? describeAdvice({ hint }, "  ") : []),
  ]);
}

/** Formats a question with the flags that answer it. */
export function describeQuestion({ message, otherwise, ...question }: Question): ShownText {
  const answers = answersTo({ message, otherwise, ...question }).join(" or ");
  return text`${color.cyan("?")} ${message} ${otherwise} Answer with ${answers}.`;
}

/** Returns the flags that answer a question. "yes" comes first. */
export function answersTo({ subject, oldName, yes }: Question): string[] {
  const isNew = `--new ${argument(subject)}`;
  if (yes === "new") return [isNew];
  // The flag would be split at the wrong place.
  if (`${oldName}${subject}`.includes("=")) return ["renames in the configuration", isNew];
  return [`--rename ${argument(`${oldName}=${subject}`)}`, isNew];
}

/** Quotes a word for a shell. */
export function argument(word: string): string {
  return /^[\w.=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
