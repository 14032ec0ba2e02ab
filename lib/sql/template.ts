import { refuse } from "../errors.js";
import { Sql } from "./fragment.js";
import { CODE, type Context, lex } from "./lexer.js";
import type { Origin } from "./origin.js";
import { placeOf, Shape } from "./shape.js";
import { admit, isScalar, type Place } from "./value.js";

/** How many shapes are remembered per template. After that many the memory is cleared. */
const SHAPES_PER_SITE = 256;

interface Branch {
  value?: Branch;
  nested?: WeakMap<Shape, Branch>;
  shape?: Shape;
}

/**
 * A template in the source code, with the shapes that it has taken.
 *
 * A template usually has the shape it had last time, or a shape that its first fragment was part of before. Both are
 * found by a few comparisons. All other shapes are in a tree that holds fragments weakly, so unused ones can be
 * collected.
 */
export class Site {
  readonly pieces: readonly string[];
  readonly #contexts: readonly Context[];
  #last: Shape | undefined = undefined;
  #shapes: Branch = {};
  #count = 0;
  readonly #origin: Origin | undefined;

  constructor(pieces: readonly string[], onPlaceholder: (piece: number, position: number) => number, origin?: Origin) {
    this.pieces = pieces;
    this.#origin = origin;
    let context: Context = CODE;
    this.#contexts = pieces.map((text, piece) => {
      context = lex(text, context, (position) => onPlaceholder(piece, position));
      return context;
    });
    if (context.in !== "code" && context.in !== "line comment") {
      refuse("the SQL", `ends inside a ${context.in}`, `Close the ${context.in}.`);
    }
  }

  /** Makes a fragment of `things`. The fragment keeps the array, so the caller must not share it. */
  fragment<Row>(things: unknown[]): Sql<Row> {
    return new Sql<Row>(this.#shapeOf(things), things);
  }

  #shapeOf(things: unknown[]): Shape {
    const last = this.#last;
    if (last !== undefined && this.#compare(last.holes, things, 0) < 0) return last;
    const nested = Sql.tryShapeOf(things[0]);
    const parent = nested?.parent;
    if (parent?.pieces === this.pieces && parent.holes[0] === nested && this.#compare(parent.holes, things, 1) < 0) {
      return parent;
    }
    return (this.#last = this.#find(things));
  }

  /**
   * Returns the first hole from `start` on in which `things` differ from a shape, or -1. Replaces each spliceable thing
   * by its fragment on the way.
   */
  #compare(holes: readonly (Shape | null)[], things: unknown[], start: number): number {
    if (things.length !== holes.length) return 0;
    for (let index = start; index < things.length; index++) {
      const hole = holes[index] as Shape | null;
      const thing = things[index];
      if (hole === null) {
        if (isScalar(thing)) continue;
      } else {
        const shape = Sql.tryShapeOf(thing);
        if (shape === hole) continue;
        if (shape !== null) return index;
      }
      if (hole !== this.#admit(things, index)) return index;
    }
    return -1;
  }

  #admit(things: unknown[], index: number): Shape | null {
    return Sql.tryShapeOf((things[index] = admit(things[index], this.#place, index)));
  }

  #find(things: unknown[]): Shape {
    if (things.length !== this.pieces.length - 1) {
      refuse("sql", `needs ${this.pieces.length - 1} values for this template, not ${things.length}`);
    }
    let branch = this.#shapes;
    let nested: Shape | undefined;
    for (let index = 0; index < things.length; index++) {
      const thing = (things[index] = admit(things[index], this.#place, index));
      if (thing instanceof Sql) {
        const shape = Sql.shapeOf(thing);
        nested ??= shape;
        branch.nested ??= new WeakMap();
        let next = branch.nested.get(shape);
        if (next === undefined) branch.nested.set(shape, (next = {}));
        branch = next;
      } else {
        branch = branch.value ??= {};
      }
    }
    if (branch.shape === undefined) {
      branch.shape = this.#make(things);
      if (++this.#count > SHAPES_PER_SITE) {
        this.#shapes = {};
        this.#count = 0;
      }
    }
    if (nested !== undefined) nested.parent = branch.shape;
    return branch.shape;
  }

  #make(things: unknown[]): Shape {
    const holes = things.map((thing, index) => {
      const nested = thing instanceof Sql ? Sql.shapeOf(thing) : null;
      this.#checkContext(index, nested);
      return nested;
    });
    const shape = new Shape(this.pieces, holes);
    shape.origin = this.#origin;
    return shape;
  }

  /** Refuses a value inside quotes or a comment, and SQL that would end the quoting. */
  #checkContext(index: number, nested: Shape | null): void {
    const context = this.#contexts[index] as Context;
    if (context.in === "code") return;
    const place = this.#place(index);
    const inside = `stands inside a ${context.in}`;
    if (context.in !== "dollar-quoted body") {
      refuse(place, `${inside}, where nothing can be spliced`, `Move it out of the ${context.in}.`);
    } else if (nested === null || nested.size > 0) {
      refuse(place, `${inside}, which takes no parameter`, "Write the value with sql.literal.");
    } else if (nested.text.includes("$")) {
      refuse(place, `${inside}, and its text has a $ that might end it`, "Write the whole body with sql.literal.");
    }
  }

  readonly #place: Place = (index) => placeOf(this.pieces, index);
}
