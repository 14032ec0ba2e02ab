import type { Place, SequenceModel } from "./schema-model.js";

/** The beyond of each type: its greatest value is one less, and its smallest is the negative. */
const BEYOND = { smallint: 2n ** 15n, integer: 2n ** 31n, bigint: 2n ** 63n };

/** The bounds of a sequence, and where it stands. */
export interface Position {
  readonly increment: bigint;
  readonly least: bigint;
  readonly greatest: bigint;
  readonly last: bigint;
  readonly called: boolean;
}

export function positionOf({ as, increment, size, at }: SequenceModel): Position {
  const step = BigInt(increment);
  const end = BEYOND[as as keyof typeof BEYOND];
  let [least, greatest] = step > 0n ? [1n, end - 1n] : [-end, -1n];
  if (size !== null) {
    least = BigInt(size.from);
    greatest = least + (step < 0n ? -step : step) * BigInt(size.steps);
  }
  const [begin, final] = step > 0n ? [least, greatest] : [greatest, least];
  const steps = (final - begin) / step;
  const forward = BigInt(at.steps);
  const wanted = { begin: forward, end: steps - forward, "three quarters": (steps * 3n) / 4n + forward }[
    at.near as "end"
  ];
  const passed = wanted < 0n ? 0n : wanted > steps ? steps : wanted;
  return { increment: step, least, greatest, last: begin + passed * step, called: at.called };
}

/** Returns a value beside a sequence, for a column of a type. The type may not hold it. */
export function valueAt({ near, steps, aside }: Place, position: Position, type: string): bigint {
  const { increment, last, called, least, greatest } = position;
  const beyond = BEYOND[(type in BEYOND ? type : "bigint") as keyof typeof BEYOND];
  const isUp = increment > 0n;
  const away = BigInt(near === "type end" ? -Math.abs(steps) : steps) * increment + BigInt(aside);
  switch (near) {
    case "begin":
      return (isUp ? least : greatest) + away;
    case "end":
      return (isUp ? greatest : least) + away;
    case "far":
      return last + 20_000n * increment + away;
    case "type end":
      return (isUp ? beyond - 1n : -beyond) + away;
    default:
      return (called ? last + increment : last) + away;
  }
}
