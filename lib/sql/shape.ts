import { NextvalError } from "../error.js";

/** The most parameters one statement takes: postgres.js and pg count them in 16 bits, and keep the last one. */
const MAX_PARAMETERS = 65_534;

/** Fragments nested deeper than this are dissolved into one, so that no walk through them exhausts the stack. */
const MAX_DEPTH = 500;

/** A fact about a piece of SQL that its text does not show, such as "this column is decoded so". */
export interface Mark {
  readonly kind: string;
}

/**
 * The part of a fragment that does not depend on its values: the text around its holes, and what stands in each hole,
 * a value (`null`) or a nested fragment of a known shape.
 *
 * A call site builds the same shape at every run, so whatever can be said of the shape (its numbered text, its strings,
 * its marks) is worked out once and kept with it.
 */
export class Shape {
  readonly pieces: readonly string[];
  readonly holes: readonly (Shape | null)[];
  readonly #ownMarks: readonly Mark[];
  /** How many values it holds, those of nested shapes included. */
  readonly size: number;
  /** Whether nothing is nested in it. */
  readonly flat: boolean;
  readonly #depth: number;
  /** Whether it is nested too deep to be nested further. */
  readonly deep: boolean;
  /** The shape it was last nested in: where a fragment is built inside out, that is most often the next one, too. */
  parent: Shape | undefined = undefined;
  /** Lists that begin with this shape, kept by `listShape`. */
  lists: ({ readonly separator: string; readonly shape: Shape } | undefined)[] | undefined = undefined;
  #text: string | undefined = undefined;
  #strings: TemplateStringsArray | undefined = undefined;
  #marks: readonly Mark[] | undefined = undefined;
  #shallow: Shape | undefined = undefined;

  constructor(pieces: readonly string[], holes: readonly (Shape | null)[] = [], ...marks: readonly Mark[]) {
    let size = 0;
    let depth = 0;
    for (const hole of holes) {
      size += hole === null ? 1 : hole.size;
      if (hole !== null) depth = Math.max(depth, hole.#depth + 1);
    }
    if (size > MAX_PARAMETERS) {
      throw new NextvalError(
        "INVALID_TEMPLATE",
        `a statement takes at most 65,534 parameters, this one has ${size}; split it, or pass arrays to unnest()`,
      );
    }
    this.pieces = pieces;
    this.holes = holes;
    this.#ownMarks = marks;
    this.size = size;
    this.flat = depth === 0;
    this.#depth = depth;
    this.deep = depth > MAX_DEPTH;
  }

  /** The text with its values numbered `$1, $2, ...`. */
  get text(): string {
    return (this.#text ??= flatten(dissolve(this).reduce((text, piece, index) => `${text}$${index}${piece}`)));
  }

  /** The text around the values, nested fragments dissolved: what a template tag would get. The same object every time. */
  get strings(): TemplateStringsArray {
    return (this.#strings ??= asTemplate(dissolve(this)));
  }

  /** The marks of this shape and of all nested ones. */
  get marks(): readonly Mark[] {
    return (this.#marks ??= [...this.#ownMarks, ...this.holes.flatMap((hole) => hole?.marks ?? [])]);
  }

  /** The same with nothing nested in it. */
  get dissolved(): Shape {
    return (this.#shallow ??= new Shape(dissolve(this), new Array<null>(this.size).fill(null), ...this.marks));
  }
}

function dissolve(shape: Shape): string[] {
  const strings = [""];
  const append = (text: string | undefined) => {
    strings[strings.length - 1] += text ?? "";
  };
  const walk = ({ pieces, holes }: Shape) => {
    append(pieces[0]);
    holes.forEach((hole, index) => {
      if (hole === null) strings.push("");
      else walk(hole);
      append(pieces[index + 1]);
    });
  };
  walk(shape);
  return strings;
}

/** V8 keeps a concatenation as a tree until someone needs its characters; as a key it becomes one flat, hashed string. */
function flatten(text: string): string {
  return Object.keys({ [text]: 0 })[0] ?? text;
}

function asTemplate(strings: string[]): TemplateStringsArray {
  const raw = Object.freeze([...strings]);
  return Object.freeze(Object.defineProperty(strings, "raw", { value: raw })) as unknown as TemplateStringsArray;
}
