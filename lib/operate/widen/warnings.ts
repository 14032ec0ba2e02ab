import { shownName } from "../../server/names.js";
import { type Model, titleOfTable } from "./tables.js";

/** What the plan cannot see or do, and the reader has to check. */
export function warningsOf({ tables, isSwapped }: Model): string[] {
  if (isSwapped) return [];
  return [
    "The new columns come last in their tables, so statements without a list of columns see another order.",
    "Functions and programs with variables of type integer for these values have to be changed before the swap.",
    ...tables.flatMap(({ root, relations }) => {
      const publications = [...new Set(relations.flatMap((each) => each.publications))];
      const names = publications.map((name) => shownName(name)).join(", ");
      return publications.length === 0
        ? []
        : [`${titleOfTable(root)} is published by ${names}, whose subscribers need the new column first.`];
    }),
  ];
}
