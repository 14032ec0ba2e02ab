/** An operation on a sequence as its caller saw it. The server carried it out between its two times. */
export interface Operation {
  readonly kind: "draw" | "set";
  /** The sequence. */
  readonly of: string;
  /** The drawn values in their order, or the value that comes next after a set. Empty for a draw that was lost. */
  readonly values: readonly bigint[];
  readonly from: number;
  /** Infinite if the connection was lost: the server may carry it out at any time, or never. */
  readonly to: number;
}

/**
 * Finds what is wrong with draws from a sequence that is never set: a value that came twice, or one out of the order of
 * time.
 */
export function drawFaults(draws: readonly Operation[]): string[] {
  const faults: string[] = [];
  const seen = new Set<bigint>();
  const ended = [...draws].sort((one, other) => one.to - other.to);
  let atEnd = 0;
  let highest: bigint | undefined;
  for (const { values, from } of [...draws].sort((one, other) => one.from - other.from)) {
    // All that had its answer before this one was called.
    for (; (ended[atEnd]?.to ?? Infinity) < from; atEnd++) {
      for (const value of ended[atEnd]?.values ?? []) if (highest === undefined || value > highest) highest = value;
    }
    let before = highest;
    for (const value of values) {
      if (seen.has(value)) faults.push(`${value} was drawn twice`);
      else if (before !== undefined && value < before) faults.push(`${value} was drawn after ${before}`);
      seen.add(value);
      before = value;
    }
  }
  return faults;
}

/**
 * Whether the server can have executed operations on one sequence one after the other, each between its call and its
 * answer. A draw from an ascending sequence takes the next value, and a set says which value is next.
 *
 * Source: Jeannette Wing and Chun Gong, "Testing and Verifying Concurrent Objects" (1993).
 */
export function isLinearizable(operations: readonly Operation[], start: bigint): boolean {
  const known = new Set<string>();
  const search = (left: ReadonlySet<number>, next: bigint): boolean => {
    const answered = [...left].filter((index) => operations[index]!.to < Infinity);
    if (answered.length === 0) return true;
    const key = `${[...left].join()} ${next}`;
    if (known.has(key)) return false;
    known.add(key);
    const firstAnswer = Math.min(...answered.map((index) => operations[index]!.to));
    for (const index of left) {
      const { kind, values, from } = operations[index]!;
      // It was called after another one had its answer, which has to come first.
      if (from > firstAnswer) continue;
      const [value] = values;
      if (kind === "draw" && value !== undefined && value !== next) continue;
      const others = new Set(left);
      others.delete(index);
      if (search(others, kind === "set" ? value! : next + 1n)) return true;
    }
    return false;
  };
  return search(new Set(operations.keys()), start);
}
