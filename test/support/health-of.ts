import type { Health, SequenceHealth } from "nextval/operate";

/** What a status says of a sequence. */
export function find({ sequences }: Health, name: string): SequenceHealth {
  const found = sequences.find(({ sequence }) => sequence.name === name);
  if (found === undefined)
    throw new Error(`${name} is not among ${sequences.map(({ sequence }) => sequence.name).join(", ")}`);
  return found;
}

/** Its problems. */
export const codes = ({ problems }: SequenceHealth) => problems.map(({ code, level }) => `${code} ${level}`);

/** The SQL that a problem gives as the fix. */
export function cureOf({ problems }: SequenceHealth, code: string): string {
  return problems.find((each) => each.code === code)!.fix!;
}
