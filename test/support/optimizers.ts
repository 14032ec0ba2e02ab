/** Draws ids one after the other, as a Java program with Hibernate does. */
export type Optimizer = (
  draw: () => Promise<bigint>,
  options: { readonly initialValue: bigint; readonly incrementSize: bigint },
) => () => Promise<bigint>;

/**
 * Hibernate's default: a value of the sequence is the last id of its block. Only the initial value is a block of its
 * own. Source: "Pooled optimizer" in Hibernate's user guide.
 */
export const pooled: Optimizer = (draw, { initialValue, incrementSize }) => {
  let last: bigint | undefined;
  let next = 0n;
  return async () => {
    if (last === undefined) {
      last = await draw();
      next = last === initialValue ? last : last - incrementSize + 1n;
    } else if (next > last) {
      last = await draw();
      next = last - incrementSize + 1n;
    }
    return next++;
  };
};

/** Hibernate's `pooled-lo`: a value of the sequence is the first id of its block. */
export const pooledLo: Optimizer = (draw, { incrementSize }) => {
  let next = 0n;
  let end = 0n;
  return async () => {
    if (next >= end) {
      next = await draw();
      end = next + incrementSize;
    }
    return next++;
  };
};
