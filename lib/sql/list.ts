import { Sql } from "./fragment.js";
import { Shape } from "./shape.js";

/** Lists of up to 1,024 holes are remembered under their length, longer ones in the slot behind. */
const SLOTS = 16;

/**
 * The shape of a list of any length, remembered at `home`: the last one for each length (by its last four bits), so that
 * batches of a constant size are built once, and lists of random length take up a bounded room.
 *
 * `flat` says that `things` are values only. A list whose text does not follow from its home and length alone has a
 * `separator`, whose marks it takes over.
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
  const shape = new Shape(pieces(), things.map(Sql.shapeIn), ...(separator?.marks ?? []));
  lists[slot] = { separator, shape };
  return shape;
}

function holds({ holes, flat }: Shape, things: readonly unknown[], allValues: boolean): boolean {
  if (holes.length !== things.length || flat !== allValues) return false;
  if (flat) return true;
  for (let index = 0; index < things.length; index++) {
    if (holes[index] !== Sql.shapeIn(things[index])) return false;
  }
  return true;
}
