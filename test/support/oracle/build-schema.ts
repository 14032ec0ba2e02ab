import { literal, nameOf, partOf, quoted } from "./names.js";
import { type Position, positionOf, valueAt } from "./positions.js";
import type { SchemaModel, SequenceModel, TableModel } from "./schema-model.js";
import {
  defaultOf,
  keyOf,
  kindOfKey,
  needsOf,
  partitioningOf,
  type TableContext,
  triggerOf,
  typeOf,
  isReplacedByTrigger,
} from "./table-parts.js";

/** A way of values into a column: an insert that draws from a sequence. */
export interface Door {
  readonly schema: string;
  /** The relation that the insert names. */
  readonly relation: string;
  readonly column: string;
  /** The sequence that a program draws from, because the column only owns it; null if the insert itself draws. */
  readonly program: string | null;
  /** The relations for which `status` may list the column. */
  readonly listed: readonly string[];
  /** The kind of its key, if it has one: see `kindOfKey`. Views hide theirs. */
  readonly key: ReturnType<typeof kindOfKey>;
  /** Whether a trigger makes another value of that of the sequence. */
  readonly isReplaced: boolean;
  /** Whether its column is of a floating-point type, which rounds values that are far from 0. */
  readonly rounds: boolean;
}

/** A schema to build: its statements, each of which the server may refuse, and the doors that it has then. */
export interface BuiltSchema {
  readonly name: string;
  readonly statements: readonly string[];
  readonly doors: readonly Door[];
}

interface Sequence {
  readonly name: string;
  readonly given: SequenceModel;
  readonly position: Position;
  /** Its options, as CREATE SEQUENCE and an identity take them. */
  readonly options: string;
  readonly full: string;
  readonly text: string;
}

interface Table extends TableContext {
  readonly name: string;
  readonly column: string;
  readonly from: Sequence;
  readonly second: Sequence | undefined;
  /** Whether an insert into the table fills the column. */
  isFilled: boolean;
  isIdentity: boolean;
}

const IDENTITIES = new Set(["smallint", "integer", "bigint"]);

/** Whether a type rounds values, of which status knows nothing. */
function rounds(type: string): boolean {
  return /real|double/.test(type);
}

/** Whether a type distinguishes the next values. */
function isExact(type: string, { last }: Position): boolean {
  return !rounds(type) || !isFar(last);
}

/** Whether a floating-point type may round a value. */
export function isFar(value: bigint): boolean {
  return value <= -1_000_000n || value >= 1_000_000n;
}

/** Returns the statements of a schema. `number` makes its name unique. */
export function buildSchema(model: SchemaModel, number: number): BuiltSchema {
  return new SchemaBuilder(model, nameOf("db", number, model.name)).build();
}

class SchemaBuilder {
  readonly #schema: string;
  readonly #statements: string[] = [];
  /** Statements that need all tables. */
  readonly #late: string[] = [];
  readonly #doors: Door[] = [];
  readonly #sequences: readonly Sequence[];
  readonly #tables: readonly Table[];
  readonly #made = new Set<Sequence>();
  readonly #identities = new Set<Sequence>();
  /** The table that owns each sequence in the end. */
  readonly #owners = new Map<Sequence, Table>();

  constructor({ sequences, tables }: SchemaModel, schema: string) {
    this.#schema = schema;
    this.#sequences = sequences.map((given, index) => {
      const name = nameOf("seq", index, given.name);
      const position = positionOf(given);
      const bounds = given.size === null ? "" : ` minvalue ${position.least} maxvalue ${position.greatest}`;
      const options = `increment ${given.increment}${bounds} cache ${given.cache}${given.cycle ? " cycle" : ""}`;
      return { name, given, position, options, full: this.#of(name), text: literal(this.#of(name)) };
    });
    this.#tables = tables.map((given, index) => {
      const [name, column] = [nameOf("t", index, given.name), nameOf("c", index, given.column)];
      const from = this.#sequenceAt(given.sequence);
      const type = isExact(given.type, from.position) ? given.type : "numeric";
      const second = { none: undefined, same: from, next: this.#sequenceAt(given.sequence + 1) }[
        given.second as "none"
      ];
      const context = {
        given: { ...given, type },
        index,
        schema,
        table: this.#of(name),
        c: quoted(column),
        sequence: from.text,
      };
      return { ...context, name, column, from, second, isFilled: false, isIdentity: false };
    });
  }

  build(): BuiltSchema {
    this.#add(`create schema ${quoted(this.#schema)}`);
    for (const table of this.#tables) {
      this.#makeTable(table);
      if (partitioningOf(table.given.kind) !== undefined) this.#makePartitions(table);
      if (table.given.kind === "inherited") this.#makeChild(table);
      if (table.given.view !== "none") this.#makeView(table);
      this.#own(table);
      this.#fill(table);
    }
    this.#add(...this.#late);
    for (const sequence of this.#sequences) {
      this.#make(sequence);
      this.#add(`select setval(${sequence.text}, ${sequence.position.last}, ${sequence.position.called})`);
    }
    // Programs fill a column that owns a sequence and has no default.
    for (const [sequence, table] of this.#owners) {
      if (/^(owned|trigger)/.test(table.given.feed)) this.#open(table, {}, sequence.name);
    }
    return { name: this.#schema, statements: this.#statements, doors: this.#doors };
  }

  #of(name: string): string {
    return quoted(this.#schema, name);
  }

  #sequenceAt(index: number): Sequence {
    return this.#sequences[index % this.#sequences.length]!;
  }

  #add(...statements: readonly string[]): void {
    this.#statements.push(...statements);
  }

  #open(table: Table, more: Partial<Door>, program: string | null = null): void {
    const { name, column, given } = table;
    const isReplaced = isReplacedByTrigger(given);
    const key = kindOfKey(given);
    this.#doors.push({
      schema: this.#schema,
      relation: name,
      column,
      program,
      listed: [name],
      key,
      isReplaced,
      rounds: rounds(given.type),
      ...more,
    });
  }

  #make(sequence: Sequence): void {
    if (this.#made.has(sequence)) return;
    this.#made.add(sequence);
    const { given, full, options } = sequence;
    if (given.unlogged) this.#add(`create unlogged sequence ${full} as ${given.as} ${options}`);
    // Servers before 15 have no unlogged sequences.
    this.#add(`create sequence if not exists ${full} as ${given.as} ${options}`);
  }

  #makeTable(table: Table): void {
    const { given, from, second, c } = table;
    table.isIdentity = given.feed.startsWith("identity") && IDENTITIES.has(given.type) && !this.#made.has(from);
    table.isFilled = table.isIdentity || (given.feed !== "owned" && given.feed !== "generated");
    if (table.isIdentity) {
      this.#made.add(from);
      this.#identities.add(from);
    } else this.#make(from);
    if (second !== undefined) this.#make(second);
    const always = given.feed === "identity always" ? "always" : "by default";
    const filled = table.isIdentity
      ? `generated ${always} as identity (sequence name ${from.full} ${from.options})`
      : defaultOf(table);
    const column = `${c} ${typeOf(table)} ${filled}`;
    // The number of a column that comes late is not its place in a key.
    const isLate = given.key === "unique (region, tenant, c)";
    const columns = [
      "tenant int not null default 1",
      ...(isLate ? [] : [column]),
      "region text not null default 'eu'",
      "active boolean not null default true",
      ...(isLate ? [column] : []),
      ...(second === undefined ? [] : [`second bigint default nextval(${second.text})`]),
      ...(given.key === "unique generated" ? [`made text generated always as (${c}::text) stored`] : []),
    ];
    const partitioning = partitioningOf(given.kind);
    const by = partitioning === undefined ? "" : ` partition by ${partitioning}`;
    this.#add(
      ...needsOf(table),
      `create ${given.kind === "unlogged" ? "unlogged " : ""}table ${table.table} (${columns.join(", ")})${by}`,
      ...keyOf(table),
      ...triggerOf(table),
    );
    if (given.rowSecurity) {
      this.#add(`alter table ${table.table} enable row level security, force row level security`);
    }
    if (table.isFilled) this.#open(table, {});
  }

  #makePartitions(table: Table): void {
    const { given, name, c, index } = table;
    for (const region of ["eu", "us"]) {
      const isHash = given.kind === "partitioned by hash";
      const list = region === "eu" ? "for values in ('eu')" : "default";
      const bound = isHash ? `for values with (modulus 2, remainder ${region === "eu" ? 0 : 1})` : list;
      const isDeep = given.kind === "partitioned twice" && region === "eu";
      const part = partOf(name, region);
      const parts = isDeep ? [part, `${part} deep`] : [part];
      this.#add(
        `create table ${this.#of(part)}
          partition of ${table.table} ${bound}${isDeep ? " partition by list (region)" : ""}`,
      );
      if (isDeep) this.#add(`create table ${this.#of(`${part} deep`)} partition of ${this.#of(part)} default`);
      if (given.key === "unique (c)") this.#add(`create unique index on ${this.#of(part)} (${c})`);
      if (given.partition !== "as its table" && !table.isIdentity && region === "eu") {
        for (const each of parts) this.#setOwnDefault(each, c, index, given.partition);
      }
      for (const each of isHash ? [] : parts) this.#open(table, { relation: each, listed: [each, part, name] });
    }
  }

  #makeChild(table: Table): void {
    const { given, name, c, index } = table;
    const child = partOf(name, "child");
    this.#add(`create table ${this.#of(child)} () inherits (${table.table})`);
    if (given.child !== "no key") this.#add(`alter table ${this.#of(child)} add primary key (${c})`);
    if (given.child === "key, default 7") this.#add(`alter table ${this.#of(child)} alter ${c} set default 7`);
    if (given.child === "key, no default") this.#setOwnDefault(child, c, index, "no default");
    if (given.child === "own sequence") this.#setOwnDefault(child, c, index, "own sequence");
    if (given.child === "own identity" && IDENTITIES.has(given.type)) {
      this.#setOwnDefault(child, c, index, "no default");
      this.#add(
        `alter table ${this.#of(child)} alter ${c} set not null`,
        `alter table ${this.#of(child)} alter ${c} add generated by default as identity`,
      );
    }
    // A trigger is not inherited, but a default is.
    if (table.isFilled && !/^(owned, )?trigger/.test(given.feed))
      this.#open(table, { relation: child, listed: [child] });
  }

  #setOwnDefault(relation: string, c: string, index: number, kind: TableModel["partition"]): void {
    const own = this.#of(`own${index}`);
    if (kind === "own sequence") this.#add(`create sequence if not exists ${own}`);
    const change = kind === "own sequence" ? `set default nextval(${literal(own)})` : "drop default";
    this.#add(`alter table ${this.#of(relation)} alter ${c} ${change}`);
  }

  #makeView(table: Table): void {
    const { given, name, c, second } = table;
    const view = partOf(name, "view");
    const columns = `${c}, tenant, region, active${second === undefined ? "" : ", second"}`;
    this.#add(`create view ${this.#of(view)} as select ${columns} from ${table.table}`);
    if (given.view === "plain" && table.isFilled) this.#open(table, { relation: view });
    // Status does not see through a view that an index refuses more than equal values, nor that a trigger sets them.
    const refusesMore = /thirds|ranges|generated/.test(given.key) || isReplacedByTrigger(given);
    if (given.view !== "with default" || given.feed === "generated" || refusesMore) return;
    this.#add(`alter view ${this.#of(view)} alter ${c} set default nextval(${table.sequence})`);
    this.#open(table, { relation: view, listed: [view, name], key: "unsure" });
  }

  #own(table: Table): void {
    const { given, from, index } = table;
    const isOwner = given.feed.startsWith("owned") || /random|generated/.test(given.feed);
    const owner = isOwner ? "self" : given.owner;
    // The server lets no other column own the sequence of an identity.
    if (this.#identities.has(from) || owner === "none") return;
    const owning = owner === "self" ? table : this.#tables[(index + 1) % this.#tables.length]!;
    this.#late.push(`alter sequence ${from.full} owned by ${owning.table}.${owning.c}`);
    this.#owners.set(from, owning);
  }

  #fill({ given, table, name, c, from, second }: Table): void {
    const [more, nothing] = second === undefined ? ["", ""] : [", second", ", null"];
    for (const { place, tenant, region, active, below, ...row } of given.rows) {
      const into = below && given.kind === "inherited" ? this.#of(partOf(name, "child")) : table;
      const start = valueAt(place, from.position, given.type);
      for (let step = 0n; step <= BigInt(row.more); step++) {
        const values = `'${start + step * from.position.increment}', ${tenant}, '${region}', ${active}${nothing}`;
        this.#late.push(
          `insert into ${into} (${c}, tenant, region, active${more}) overriding system value values (${values})`,
        );
      }
    }
  }
}
