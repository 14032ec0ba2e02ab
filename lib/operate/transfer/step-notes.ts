import { hasReached, usableOptions, valuesLeft } from "../arithmetic/position.js";
import type { Step } from "./set-target.js";

/** Returns notes about a step for the operator, in sentences. */
export function notesOf(step: Step, asked: bigint): string[] {
  return [...endIsNear(step, asked), ...hasComeRound(step), ...cachesLeft(step)];
}

function endIsNear({ pair: { from, target }, margin }: Step, asked: bigint): string[] {
  if (margin === asked) return [];
  const room = usableOptions(target);
  const end = room.increment > 0n ? room.maxValue : room.minValue;
  const left = `${valuesLeft(from, room)} values are left until ${room.cycle ? "it comes round" : "its end"} at ${end}`;
  return [`${left}: the margin is ${margin} instead of ${asked}`];
}

function hasComeRound({ pair: { before, target }, goal, moves }: Step): string[] {
  if (!target.options.cycle || moves || hasReached(goal, before, target.options)) return [];
  return [
    "it cycles, and the target is ahead of the source, so it was left where it is",
    "set the target with setval if the source has come round since an earlier transfer",
  ];
}

function cachesLeft({ pair: { before, target }, moves }: Step): string[] {
  const { cache } = target.options;
  if (!moves || cache === 1n || !before.called) return [];
  return [
    `sessions of the target that have drawn from it may each hold up to ${cache - 1n} values from before`,
    "let these sessions reconnect before they insert",
  ];
}
