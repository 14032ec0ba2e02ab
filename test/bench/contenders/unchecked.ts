import { type Contender, ROWS } from "./contender.js";

/** A place in the order in which the parts of templates are met, with the text that they have made before. */
class Shape {
  readonly #following = new Map<readonly string[], Shape>();
  /** The last one that was looked up. */
  #strings: readonly string[] | undefined;
  #next: Shape | undefined;
  text: string | undefined;

  after(strings: readonly string[]): Shape {
    if (strings === this.#strings) return this.#next as Shape;
    let next = this.#following.get(strings);
    if (next === undefined) this.#following.set(strings, (next = new Shape()));
    this.#strings = strings;
    return (this.#next = next);
  }
}

const START = new Shape();

/** Keeps its parts, takes every value as it is, and makes the text of a shape once. */
class Fragment {
  readonly strings: readonly string[];
  readonly parts: readonly unknown[];
  /** As they were when the text was made. A reader may change them. */
  values!: unknown[];

  constructor(strings: readonly string[], parts: readonly unknown[]) {
    this.strings = strings;
    this.parts = parts;
  }

  get text(): string {
    this.values = [];
    const shape = this.collect(START, this.values);
    return (shape.text ??= this.write(0).text);
  }

  collect(before: Shape, values: unknown[]): Shape {
    let shape = before.after(this.strings);
    for (const part of this.parts) {
      if (part instanceof Fragment) shape = part.collect(shape, values);
      else values.push(part);
    }
    return shape;
  }

  write(before: number): { readonly text: string; readonly count: number } {
    let count = before;
    let text = this.strings[0] as string;
    this.parts.forEach((part, index) => {
      if (part instanceof Fragment) {
        const inner = part.write(count);
        text += inner.text;
        count = inner.count;
      } else text += `$${++count}`;
      text += this.strings[index + 1];
    });
    return { text, count };
  }
}

const sql = (strings: readonly string[], ...parts: unknown[]) => new Fragment(strings, parts);

const commas: string[][] = [];
const join = (parts: readonly Fragment[]) =>
  new Fragment((commas[parts.length] ??= ["", ...parts.slice(1).map(() => ", "), ""]), parts);

const draw = sql`pg_catalog.nextval('"order_seq"'::pg_catalog.regclass)`;

/** What a template that can be nested costs in JavaScript, whatever a library does beyond that. */
export const unchecked: Contender = {
  name: "a tag that checks nothing",
  text: "text",
  values: "values",
  cases: {
    "3 scalars": (seed) =>
      sql`select id, name from users where org_id = ${seed} and age > ${seed + 1} and name = ${"x"}`,
    splice: () => sql`select ${draw} as id`,
    nested: (seed) =>
      sql`insert into orders (id, tenant, note, paid, discount, due) values (${draw}, ${seed}, ${"first"}, ${true},
        ${null}, ${sql`now() + ${seed} * interval '1 day'`})`,
    "100 rows": () =>
      sql`insert into items ("id", "name", "ok")
        values ${join(ROWS.map((row) => sql`(${row.id}, ${row.name}, ${row.ok})`))}`,
    "10 deep": (seed) => {
      let condition = sql`a = ${seed}`;
      for (let index = 0; index < 9; index++) condition = sql`(${condition} or b = ${index})`;
      return condition;
    },
  },
};
