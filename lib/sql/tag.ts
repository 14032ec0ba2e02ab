import type { RowFrom } from "../../types/rows.js";
import { refuse } from "../errors.js";
import type { CheckedThings, StatedThings, Thing } from "./checked-things.js";
import type { Sql } from "./fragment.js";
import { type Caller, originOf } from "./origin.js";
import { asTemplate, refuseTooManyParameters } from "./shape.js";
import { Site } from "./template.js";
import type { Splice } from "./value.js";

/** A template tag that makes fragments. */
export interface Tag {
  /**
   * Makes a fragment of a template.
   *
   * ```ts
   * sql`select * from orders where id = ${id}`; // { text: "select * from orders where id = $1", values: [id] }
   * ```
   *
   * The row type has the columns that spliced expressions name: ``sql`select ${nextval(orderSeq).as("id")}` ``. You can
   * also state it: ``sql<{ id: bigint }>`select ...` ``. A stated row type needs all columns, including those of
   * `.as()`, because TypeScript infers either all types of a call or none.
   */
  <Row extends object = {}, const Things extends readonly Thing[] = StatedThings>(
    strings: TemplateStringsArray,
    ...things: CheckedThings<Things>
  ): Sql<RowFrom<Row, Things>>;
}

/** JavaScript passes a tag the same strings array each time it evaluates one template. */
const sites = new WeakMap<TemplateStringsArray, Site>();

/** The site of the last template, so a template in a loop needs no lookup. */
let lastSite: Site | undefined;

export const tag = ((strings: TemplateStringsArray, ...things: unknown[]): Sql =>
  fragmentOf(strings, things, tag)) as Tag;

/**
 * @internal Makes a fragment of a query that another library built: the text around its values, and the values. They
 * pass the same checks as a template in source code.
 */
export function builtFragment(pieces: readonly string[], values: readonly unknown[]): Sql {
  // A call takes about as many arguments as a statement takes parameters.
  refuseTooManyParameters(values.length);
  return tag(asTemplate([...pieces]), ...(values as Splice[]));
}

/** @internal Makes the fragment of a template that the tag `caller` was called with. */
export function fragmentOf(strings: TemplateStringsArray, things: unknown[], caller: Caller): Sql {
  if (lastSite?.pieces === strings) return lastSite.fragment(things);
  let site = sites.get(strings);
  if (site === undefined) {
    assertGenuine(strings);
    sites.set(strings, (site = new Site(strings, refusePlaceholder(strings), originOf(caller))));
  }
  lastSite = site;
  return site.fragment(things);
}

/**
 * Refuses strings that do not come from a template. A template's strings are frozen, and so is their `raw`, which is
 * not enumerable. JSON, a copy or an assignment never produces that; only code that sets out to forge a template can
 * pass.
 */
export function assertGenuine(strings: TemplateStringsArray): void {
  const genuine =
    Array.isArray(strings) &&
    Object.isFrozen(strings) &&
    Object.getOwnPropertyDescriptor(strings, "raw")?.enumerable === false &&
    Array.isArray(strings.raw) &&
    Object.isFrozen(strings.raw) &&
    strings.length === strings.raw.length &&
    strings.every((string) => typeof string === "string");
  if (!genuine) {
    refuse(
      "sql",
      "is a template tag and was called as a function, or with an invalid escape",
      "Write sql`...`, or sql.raw(text) for text you trust.",
    );
  }
}

function refusePlaceholder(strings: TemplateStringsArray) {
  return (piece: number, position: number): never => {
    const text = strings[piece] as string;
    const end = text.indexOf(">", position);
    const name = end < 0 ? "name" : text.slice(position + 2, end).trim();
    return refuse(
      `$<${name}>`,
      "is a named placeholder, which only sql.named understands",
      `Splice it as \${${name}}, or make a tag with sql.named({ ... }).`,
    );
  };
}
