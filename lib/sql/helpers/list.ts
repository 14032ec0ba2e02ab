import { Sql } from "../fragment.js";
import { Shape } from "../shape.js";

/** How many lists a shape remembers. Lists of up to 1,024 holes share these slots; longer lists use one more slot. */
const SLOTS = 16;

/**
 * Returns the shape of a list, remembered at `home`. A slot keeps the last list whose length has the same last four
 * bits. So batches of a constant size are built once, and lists of random length use bounded memory.
 *
 * `flat` says that `things` are values only. Pass `separator` if the text depends on more than the home and the length.
 * The list takes over the marks of the separator.
 */
export function listShape(
  home: Shape,
  things: readonly unknown[],
  flat: boolean,
  pieces: () => readonly string[],
  separator?: Shape,
): Shape {
  const lists = (home.lists ??= []);
  const slot = things.length > 1024 ? SLOTS : things.length % SLOTS;
  const known = lists[slot];
  if (known !== undefined && known.separator === separator && holds(known.shape, things, flat)) return known.shape;
  const shape = new Shape(pieces(), things.map(Sql.tryShapeOf), ...(separator?.marks ?? []));
  lists[slot] = { separator, shape };
  return shape;
}

function holds({ holes, flat }: Shape, things: readonly unknown[], allValues: boolean): boolean {
  if (holes.length !== things.length || flat !== allValues) return false;
  if (flat) return true;
  for (let index = 0; index < things.length; index++) {
    if (holes[index] !== Sql.tryShapeOf(things[index])) return false;
  }
  return true;
}
