/** Merges the calls of one tick, as a program does by hand: `draw` gets their number, and each call the id of a row. */
export function mergedByHand<Row, Id>(
  draw: (count: number) => PromiseLike<readonly Row[]>,
  idOf: (row: Row) => Id,
): () => Promise<Id> {
  let calls: { readonly resolve: (id: Id) => void; readonly reject: (error: unknown) => void }[] = [];
  const run = () => {
    const waiting = calls;
    calls = [];
    draw(waiting.length).then(
      (rows) => waiting.forEach(({ resolve }, index) => resolve(idOf(rows[index] as Row))),
      (error: unknown) => waiting.forEach(({ reject }) => reject(error)),
    );
  };
  return () =>
    new Promise((resolve, reject) => {
      if (calls.push({ resolve, reject }) === 1) queueMicrotask(run);
    });
}
