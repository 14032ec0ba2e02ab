import { literal, quoted } from "./names.js";
import type { TableModel } from "./schema-model.js";

/** The figures of a table that its parts depend on. */
export interface TableContext {
  readonly given: TableModel;
  readonly index: number;
  readonly schema: string;
  /** The quoted names of the table and of its column. */
  readonly table: string;
  readonly c: string;
  /** The quoted name of its sequence as a literal. */
  readonly sequence: string;
}

export function isText(type: string): boolean {
  return /text|char/.test(type);
}

/** How the table is partitioned; undefined if it is not. */
export function partitioningOf(kind: string): "list (region)" | "hash (tenant)" | undefined {
  if (kind === "partitioned by hash") return "hash (tenant)";
  return kind.startsWith("partitioned") ? "list (region)" : undefined;
}

export function typeOf({ given: { type, feed }, index, schema }: TableContext): string {
  return feed === "domain" || type.startsWith("domain") ? quoted(schema, `dom${index}`) : type;
}

export function defaultOf({ given: { feed, type }, index, schema, sequence }: TableContext): string {
  switch (feed) {
    case "text":
      return `default nextval(${sequence}::text)`;
    case "cast":
      return `default nextval(${sequence})::${isText(type) ? "text" : "int"}`;
    case "cast to smallint":
    case "cast to numeric(3,0)":
    case "cast to numeric(12,2)":
    case "cast to char(6)":
    case "cast to varchar(3)":
    case "cast to varchar(30)": {
      const cast = feed.replace("cast to ", "");
      // A text only becomes a number by a cast of its own, which takes any of these types.
      const back = isText(cast) && !isText(type) ? "::numeric" : "";
      return `default nextval(${sequence})::${cast}${back}`;
    }
    case "changed":
      return isText(type) ? `default 'X' || nextval(${sequence})` : `default nextval(${sequence}) * 2`;
    case "or else":
      return `default coalesce(nextval(${sequence}), 1)`;
    case "function":
    case "function of a string":
      return `default ${quoted(schema, `draw${index}`)}()`;
    case "random or constant":
      return index === 0 ? "default 7" : "default (random() * 100)::int";
    case "generated":
      return "generated always as (tenant * 10) stored";
    case "domain":
    case "owned":
    case "trigger":
    case "owned, trigger":
      return "";
    default:
      return `default nextval(${sequence})`;
  }
}

/** The domains and the functions that a table needs. */
export function needsOf({ given: { type, feed }, index, schema, sequence }: TableContext): string[] {
  const domain = quoted(schema, `dom${index}`);
  const below = quoted(schema, `below${index}`);
  const draw = quoted(schema, `draw${index}`);
  const base = type.startsWith("domain") ? "bigint" : type;
  const drawn = feed === "domain" ? ` default nextval(${sequence})` : "";
  const statements: string[] = [];
  if (type === "domain of a domain") {
    statements.push(
      `create domain ${below} as ${base}${drawn} check (value is not null)`,
      `create domain ${domain} as ${below}`,
    );
  } else if (feed === "domain" || type === "domain") statements.push(`create domain ${domain} as ${base}${drawn}`);
  if (feed === "function") {
    statements.push(`create function ${draw}() returns bigint begin atomic select nextval(${sequence}); end`);
  }
  if (feed === "function of a string") {
    const body = literal(`select nextval(${sequence})`);
    statements.push(`create function ${draw}() returns bigint language sql as ${body}`);
  }
  return statements;
}

/** The trigger that fills or sets the column, if the table has one. */
export function triggerOf({ given: { feed, type }, index, schema, table, c, sequence }: TableContext): string[] {
  const set = (value: string) => `new.${c} := ${value};`;
  const other = isText(type) ? "'X'" : "7";
  const triggers: { readonly [feed: string]: readonly [body: string, condition?: string] } = {
    trigger: [set(`nextval(${sequence})`), `when (new.${c} is null) `],
    "owned, trigger": [set(`nextval(${sequence})`), `when (new.${c} is null) `],
    "default, trigger replaces": [set(other)],
    "default, trigger doubles": [set(isText(type) ? `'X' || new.${c}` : `new.${c} * 2`)],
    "default, trigger fills": [`if new.${c} is null then ${set(other)} end if;`],
    "default, trigger rarely": [`if new.tenant = 12345 then ${set(other)} end if;`],
  };
  const trigger = triggers[feed];
  if (trigger === undefined) return [];
  const [body, condition = ""] = trigger;
  const fill = quoted(schema, `fill${index}`);
  const code = literal(`begin ${body} return new; end`);
  return [
    `create function ${fill}() returns trigger language plpgsql as ${code}`,
    `create trigger fill before insert on ${table} for each row ${condition}execute function ${fill}()`,
  ];
}

/** Whether a trigger sets the column in each row, whatever the default has drawn. */
export function isReplacedByTrigger({ feed }: TableContext["given"]): boolean {
  return feed === "default, trigger replaces" || feed === "default, trigger doubles";
}

export function keyOf({ given: { key, type, kind }, table, c }: TableContext): string[] {
  const [, partition] = /\((.*)\)/.exec(partitioningOf(kind) ?? "") ?? [];
  const alter = (text: string) => [`alter table ${table} add ${text}`];
  switch (key) {
    case "none":
      return [];
    case "index":
      return [`create index on ${table} (${c})`];
    case "unique (c)":
      // Some partitioned tables only have keys on their partitions.
      return partition === undefined ? alter(`unique (${c})`) : [];
    case "unique where active":
      return [`create unique index on ${table} (${c}) where active`];
    case "unique (tenant, c) where active":
      return [`create unique index on ${table} (tenant, ${c}) where active`];
    case "unique expression":
      return [`create unique index on ${table} ((${isText(type) ? `lower(${c})` : `${c} + 0`}))`];
    case "unique expression beside":
      return [`create unique index on ${table} (lower(region), ${c})`];
    case "unique thirds":
      return isText(type) ? [] : [`create unique index on ${table} ((${c} / 3))`];
    case "unique descending":
      return [`create unique index on ${table} (${c} desc nulls last)`];
    case "exclude (c)":
      return alter(`exclude using btree (${c} with =)`);
    case "exclude hash (c)":
      return alter(`exclude using hash (${c} with =)`);
    case "exclude (tenant, c)":
      return alter(`exclude using btree (tenant with =, ${c} with =)`);
    case "exclude ranges":
      return isText(type) ? [] : alter(`exclude using gist (int8range(${c}::int8, ${c}::int8, '[]') with &&)`);
    case "unique generated":
      return [`create unique index on ${table} (made)`];
    default: {
      // The key of a partitioned table has the column of its partitions.
      const whole = partition === undefined || key.includes(partition) ? key : key.replace(")", `, ${partition})`);
      return alter(whole.replace(/\bc\b/, c));
    }
  }
}

/**
 * The kind of key: `"sure"` refuses each equal value, `"shared"` those with the same values of other columns, and what
 * `"unsure"` refuses depends on a condition, an expression or a partition.
 */
export function kindOfKey({ key, kind }: TableModel): "sure" | "shared" | "unsure" {
  const isPartitioned = partitioningOf(kind) !== undefined;
  if (/where|expression|thirds|ranges|generated/.test(key) || (isPartitioned && key === "unique (c)")) return "unsure";
  return isPartitioned || /tenant|region/.test(key) ? "shared" : "sure";
}
