import { shownName } from "../../server/names.js";
import { type Model, titleOfTable } from "./tables.js";

const NARROW_LIMITS = new Set(["32767", "2147483647"]);

/** What the plan cannot see or do, and the reader has to check. */
export function warningsOf({ tables, dependents, isSwapped }: Model): string[] {
  if (isSwapped) return [];
  return [
    "The new columns come last in their tables, so statements without a list of columns see another order.",
    "Functions and programs with variables of type integer for these values have to be changed before the swap.",
    // The server raises the limit of a sequence with its type, but these have the type already.
    ...dependents.sequences
      .filter(({ type, max }) => type === "bigint" && NARROW_LIMITS.has(max))
      .map(
        ({ schema, name, max }) => `${shownName(schema, name)} still ends at ${max} afterwards: raise its maxvalue.`,
      ),
    ...tables.flatMap(({ root, relations }) => {
      const publications = [...new Set(relations.flatMap((each) => each.publications))];
      const names = publications.map((name) => shownName(name)).join(", ");
      return publications.length === 0
        ? []
        : [`${titleOfTable(root)} is published by ${names}, whose subscribers need the new column first.`];
    }),
  ];
}
