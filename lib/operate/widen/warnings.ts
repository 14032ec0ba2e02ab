import { shownName } from "../../server/names.js";
import { type Model, titleOfTable } from "./tables.js";

const NARROW_CAST = /::(?:integer|smallint)\b/;
const NARROW_LIMITS = new Set(["32767", "2147483647"]);

/** What the plan cannot see or do, and the reader has to check. */
export function warningsOf(model: Model): string[] {
  const { tables, dependents, isSwapped } = model;
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
    ...narrowKeys(model),
    ...tables.flatMap(({ relations, columns }) =>
      relations.flatMap(({ schema, name, columns: own }) =>
        own
          .filter((each) => columns.some((column) => column.name === each.name) && NARROW_CAST.test(each.default ?? ""))
          .map(
            (each) => `The default of ${shownName(schema, name, each.name)} casts to a narrow type: change it, too.`,
          ),
      ),
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

/** Foreign keys of other types, such as a domain over integer, stay as they are. */
function narrowKeys({ foreignKeys, relations, tables }: Model): string[] {
  return foreignKeys.flatMap(({ from, fromRoot, fromNumbers, toRoot, toNumbers }) => {
    const target = tables.find(({ root }) => root.oid === toRoot);
    const source = relations.get(from);
    const widened = tables.find(({ root }) => root.oid === fromRoot)?.columns ?? [];
    return (source?.columns ?? [])
      .filter(({ number, name, type }) => {
        const isKey = target?.columns.some((column) => column.number === toNumbers[fromNumbers.indexOf(number)]);
        return isKey === true && !/^(?:bigint|numeric)/.test(type) && !widened.some((each) => each.name === name);
      })
      .map(
        ({ name, type }) => `${shownName(source?.schema, source?.name as string, name)} stays ${type}: change it, too.`,
      );
  });
}
