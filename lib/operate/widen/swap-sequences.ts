import type { Column, Relation, Sequence } from "./facts.js";
import { body, newColumn, oldColumn, quoted, quotedText } from "./names.js";
import { alter, commentOn, grantAgain, nameOfTable } from "./statements.js";
import type { Direction, Model, WideTable } from "./tables.js";

/** Takes the defaults from the columns that are replaced. */
export function stopDrawing({ relations, columns }: WideTable, direction: Direction): string[] {
  return relations.flatMap((relation) =>
    ownColumns(relation, columns)
      .filter((column) => column.default !== null)
      .map(({ name }) => {
        const other = direction === "up" ? oldColumn(name) : newColumn(name);
        return alter(relation, `alter column ${quoted(other)} drop default`, { only: true });
      }),
  );
}

/** Gives the columns that take their place the defaults, the sequences and the identities. */
export function drawFrom(
  { relations, columns }: WideTable,
  { dependents, hasDefaultPrivileges }: Model,
  direction: Direction,
): string[] {
  // A partition may have its own sequence, and the partitions of a table often share one.
  const own = relations.flatMap((relation) => ownColumns(relation, columns).map((column) => ({ relation, column })));
  const sequences = own.flatMap(({ relation, column }) =>
    dependents.sequences
      .filter((each) => each.relation === relation.oid && each.number === column.number)
      .flatMap((sequence) =>
        sequence.isIdentity
          ? [
              moveIdentity(relation, column, sequence, direction),
              ...grantAgain("sequence", quoted(sequence.schema, sequence.name), sequence, hasDefaultPrivileges),
              ...commentOn(`sequence ${quoted(sequence.schema, sequence.name)}`, sequence.comment),
            ]
          : takeAlong(relation, column, sequence, direction),
      ),
  );
  return [
    ...own
      .filter(({ column }) => column.default !== null)
      .map(({ relation, column }) =>
        alter(relation, `alter column ${quoted(column.name)} set default ${column.default}`, { only: true }),
      ),
    ...new Set(sequences),
  ];
}

function ownColumns(relation: Relation, columns: readonly Column[]): Column[] {
  return relation.columns.filter(({ name }) => columns.some((each) => each.name === name));
}

/** Changes the type of a sequence with that of its column. Its bounds follow if they are those of the type. */
function takeAlong(table: Relation, column: Column, sequence: Sequence, direction: Direction): string[] {
  const type = direction === "up" ? "bigint" : sequence.type;
  const changes = [
    ...(sequence.type === "bigint" ? [] : [`as ${type}`]),
    ...(sequence.isOwned ? [`owned by ${nameOfTable(table)}.${quoted(column.name)}`] : []),
  ];
  return changes.length === 0 ? [] : [`alter sequence ${quoted(sequence.schema, sequence.name)} ${changes.join(" ")}`];
}

/**
 * Drops an identity, and adds it to the other column at the same position. An identity cannot be moved. SET on it first
 * keeps other sessions from drawing until the transaction ends.
 */
function moveIdentity(relation: Relation, column: Column, sequence: Sequence, direction: Direction): string {
  const name = quoted(sequence.schema, sequence.name);
  const from = quoted(direction === "up" ? oldColumn(column.name) : newColumn(column.name));
  const generated = column.identity === "a" ? "always" : "by default";
  const table = nameOfTable(relation);
  const limits = direction === "up" ? wideLimits(sequence) : sequence;
  const options = [
    `sequence name ${name}`,
    `increment by ${sequence.increment}`,
    `minvalue ${limits.min}`,
    `maxvalue ${limits.max}`,
    `start with ${sequence.start}`,
    `cache ${sequence.cache}`,
    sequence.cycle ? "cycle" : "no cycle",
  ].join(" ");
  return `do ${body(`declare
  kept record;
begin
  alter table ${table} alter column ${from} set increment by ${sequence.increment};
  select s.last_value, s.is_called into strict kept from ${name} s;
  alter table ${table} alter column ${from} drop identity;
  alter table ${table} alter column ${quoted(column.name)} add generated ${generated} as identity (${options});
  perform pg_catalog.setval(${quotedText(name)}::pg_catalog.regclass, kept.last_value, kept.is_called);
end`)}`;
}

/** The bounds, with those of the narrow type replaced by those of bigint. */
function wideLimits({ min, max, type }: Sequence): { readonly min: string; readonly max: string } {
  const [least, most] = type === "smallint" ? ["-32768", "32767"] : ["-2147483648", "2147483647"];
  return {
    min: min === least ? "-9223372036854775808" : min,
    max: max === most ? "9223372036854775807" : max,
  };
}
