import type { HazardCode, Plan } from "../../catalog/index.js";
import { shownName } from "../../server/names.js";
import type { Annotation, SourceLine } from "../terminal/annotation.js";
import type { ShownText } from "../terminal/shown-text.js";
import { describeChange, describePending, describeQuestion } from "./describe-plan.js";

/** Finds the line to annotate for a sequence, or for a schema. Undefined if there is not even a configuration. */
export interface LineFinder {
  /** By the name of a sequence in a plan. */
  readonly ofSubject: (subject: string) => SourceLine | undefined;
  readonly ofSchema: (schema: string) => SourceLine | undefined;
}

const DIFFERENCES = { create: "is missing in the database", drop: "is not declared" } as Readonly<
  Record<string, string>
>;

/** Makes an annotation of each sequence or schema that differs. GitHub shows only ten errors of a step. */
export function annotationsOfPlan(
  { changes, pending, questions }: Plan,
  allow: readonly HazardCode[],
  { ofSubject, ofSchema }: LineFinder,
): Annotation[] {
  const blocks = new Map<string, { title: string; at: SourceLine | undefined; texts: ShownText[] }>();
  const add = (subject: string, kind: string, shown: ShownText) => {
    const isSchema = kind === "create schema";
    const key = JSON.stringify([subject, isSchema]);
    const block = blocks.get(key);
    if (block !== undefined) return block.texts.push(shown);
    const difference = isSchema ? DIFFERENCES["create"] : (DIFFERENCES[kind] ?? "differs from the database");
    const title = `${isSchema ? `schema ${shownName(subject)}` : subject} ${difference}`;
    return blocks.set(key, { title, at: isSchema ? ofSchema(subject) : ofSubject(subject), texts: [shown] });
  };
  for (const change of changes) add(change.subject, change.kind, describeChange(change, allow));
  for (const each of pending) add(each.subject, each.kind, describePending(each));
  for (const question of questions) add(question.subject, "question", describeQuestion(question));
  return [...blocks.values()].map(({ title, at, texts }) => ({ level: "error", title, message: texts.join("\n"), at }));
}
