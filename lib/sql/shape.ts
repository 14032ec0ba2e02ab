import { refuse } from "../errors.js";
import { CODE, type Context, lex } from "./lexer.js";
import type { Origin } from "./origin.js";

/**
 * The most parameters that one statement can have over every driver. The protocol counts them in 16 bits, and
 * postgres.js refuses the last two.
 */
const MAX_PARAMETERS = 65_533;

/** Fragments nested deeper than this are flattened, so no walk through them overflows the stack. */
const MAX_DEPTH = 500;

/** The edge of a text if it is not a character: a value, or nothing. */
const VALUE = -1;
const NOTHING = 0;
const DOLLAR = 36;
const QUOTE = 39;
const DOUBLE_QUOTE = 34;
const DASH = 45;
const SLASH = 47;
const STAR = 42;

/** A fact about a piece of SQL that its text does not show, such as how to decode a column. */
export interface Mark {
  readonly kind: string;
}

/**
 * The part of a fragment that does not depend on its values: the text around its holes, and the content of each hole. A
 * hole holds a value (`null`) or a nested fragment of a known shape.
 *
 * A call site builds the same shape on every run. So the numbered text, the strings and the marks are computed once and
 * kept with the shape.
 */
export class Shape {
  readonly pieces: readonly string[];
  readonly holes: readonly (Shape | null)[];
  readonly #ownMarks: readonly Mark[];
  /** The number of values, including those of nested shapes. */
  readonly size: number;
  /** Whether no fragment is nested in it. */
  readonly flat: boolean;
  /** The edges of its text: a character code, `VALUE` or `NOTHING`. */
  readonly #first: number;
  readonly #last: number;
  readonly #depth: number;
  /** Whether fragments of this shape have to be flattened; see the constructor of `Sql`. */
  readonly deep: boolean;
  /**
   * The shape in which this one was last nested. If fragments are built from the inside out, it is usually the next one
   * too.
   */
  parent: Shape | undefined = undefined;
  /** The line of the template that it was first made of. */
  origin: Origin | undefined = undefined;
  /** Lists that begin with this shape; `listShape` keeps them here. */
  lists: ({ readonly separator: Shape | undefined; readonly shape: Shape } | undefined)[] | undefined = undefined;
  #text: string | undefined = undefined;
  #strings: TemplateStringsArray | undefined = undefined;
  #marks: readonly Mark[] | undefined = undefined;
  #shallow: Shape | undefined = undefined;

  constructor(pieces: readonly string[], holes: readonly (Shape | null)[] = [], ...marks: readonly Mark[]) {
    let size = 0;
    let depth = 0;
    let first = NOTHING;
    let last = NOTHING;
    for (let index = 0; index < pieces.length; index++) {
      const piece = pieces[index] as string;
      const hole = holes[index];
      if (piece !== "") {
        const begin = piece.charCodeAt(0);
        if (touches(last, begin)) refuseTouch(pieces, index - 1, last, begin);
        if (first === NOTHING) first = begin;
        last = piece.charCodeAt(piece.length - 1);
      }
      if (hole === undefined) continue;
      const begin = hole === null ? VALUE : hole.#first;
      if (touches(last, begin)) refuseTouch(pieces, index, last, begin);
      if (first === NOTHING) first = begin;
      if (hole === null) {
        size++;
        last = VALUE;
      } else {
        size += hole.size;
        depth = Math.max(depth, hole.#depth + 1);
        if (begin !== NOTHING) last = hole.#last;
      }
    }
    refuseTooManyParameters(size);
    this.pieces = pieces;
    this.holes = holes;
    this.#ownMarks = marks;
    this.size = size;
    this.flat = depth === 0;
    this.#first = first;
    this.#last = last;
    this.#depth = depth;
    this.deep = depth > MAX_DEPTH;
  }

  /** The text with its values numbered `$1, $2, ...`. */
  get text(): string {
    return (this.#text ??= flatten(flattenFragments(this).reduce((text, piece, index) => `${text}$${index}${piece}`)));
  }

  /**
   * The text around the values, with nested fragments flattened, as a template tag would receive it. Always the same
   * object.
   */
  get strings(): TemplateStringsArray {
    return (this.#strings ??= asTemplate(flattenFragments(this, this.ending)));
  }

  /**
   * The text that must follow a nested fragment. A line break ends a comment that would otherwise swallow the rest of
   * the line.
   */
  get ending(): "" | "\n" {
    const last = this.pieces.at(-1) as string;
    const lastLine = Math.max(last.lastIndexOf("\n"), last.lastIndexOf("\r")) + 1;
    if (!last.includes("--", lastLine)) return "";
    const context = this.pieces.reduce((before: Context, text) => lex(text, before, (position) => position + 2), CODE);
    return context.in === "line comment" ? "\n" : "";
  }

  /** The marks of this shape and of all nested shapes, in the order of the text, each once. */
  get marks(): readonly Mark[] {
    return (this.#marks ??= [...this.#addMarks(new Set())]);
  }

  #addMarks(marks: Set<Mark>): Set<Mark> {
    for (const mark of this.#ownMarks) {
      // If several columns have one name, a row has the last of them.
      if (mark.kind === "column") marks.delete(mark);
      marks.add(mark);
    }
    for (const hole of this.holes) if (hole !== null) hole.#addMarks(marks);
    return marks;
  }

  /** This shape with its nested shapes flattened into it. */
  get dissolved(): Shape {
    return (this.#shallow ??= new Shape(flattenFragments(this), new Array<null>(this.size).fill(null), ...this.marks));
  }
}

export function refuseTooManyParameters(count: number): void {
  if (count <= MAX_PARAMETERS) return;
  const most = MAX_PARAMETERS.toLocaleString("en-US");
  refuse("a statement", `takes at most ${most} parameters, not ${count}`, "Split it, or pass arrays to unnest().");
}

/** Describes the position of a hole for an error message: `value 2 (after "where id = ")`. */
export function placeOf(pieces: readonly string[], hole: number): string {
  const before = (pieces[hole] ?? "").trimStart().slice(-30);
  return `value ${hole + 1}${before === "" ? "" : ` (after ${JSON.stringify(before)})`}`;
}

/**
 * Whether a value would merge with a word or number beside it, as `limit $1` and `0` would, or two texts would begin a
 * comment or merge their quotes.
 */
function touches(before: number, after: number): boolean {
  if (before === VALUE) return isWord(after);
  if (after === VALUE) return isWord(before) || before === DOLLAR;
  if (before === after) return before === DASH || before === QUOTE || before === DOUBLE_QUOTE;
  return before === SLASH && after === STAR;
}

function isWord(code: number): boolean {
  const letter = code | 32;
  return (code >= 48 && code <= 57) || (letter >= 97 && letter <= 122) || code === 95 || code >= 128;
}

function refuseTouch(pieces: readonly string[], hole: number, before: number, after: number): never {
  const problem =
    before === VALUE || after === VALUE
      ? "touches a word, which would become part of it"
      : `would form ${String.fromCharCode(before, after)} with the text beside it`;
  refuse(placeOf(pieces, hole), problem, "Put a space between them.");
}

function flattenFragments(shape: Shape, ending = ""): string[] {
  const strings = [""];
  const append = (text: string | undefined) => {
    strings[strings.length - 1] += text ?? "";
  };
  const walk = ({ pieces, holes }: Shape) => {
    append(pieces[0]);
    holes.forEach((hole, index) => {
      if (hole === null) strings.push("");
      else {
        walk(hole);
        append(hole.ending);
      }
      append(pieces[index + 1]);
    });
  };
  walk(shape);
  append(ending);
  return strings;
}

/**
 * V8 keeps a concatenation as a tree until its characters are needed. Used as a key, it becomes one flat, hashed
 * string.
 */
function flatten(text: string): string {
  return Object.keys({ [text]: 0 })[0] ?? text;
}

/** Strings as a template tag gets them, frozen. */
export function asTemplate(strings: string[]): TemplateStringsArray {
  const raw = Object.freeze([...strings]);
  return Object.freeze(Object.defineProperty(strings, "raw", { value: raw })) as TemplateStringsArray;
}
