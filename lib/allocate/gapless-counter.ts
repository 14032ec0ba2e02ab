import {
  type HostTransaction,
  type Integer,
  NextvalError,
  pgSchema,
  type Sql,
  sql,
  type Transaction,
} from "../index.js";
import { isText, optionsOf, readInteger, refuseArgument, shown } from "../internal.js";
import { shownName } from "../server/names.js";
import { attachedCode } from "../server/queries/attached-code.js";
import { sqlStateOf } from "../server/sqlstate.js";

/** Options of {@link gaplessCounter}. */
export interface GaplessOptions {
  /** The schema of the table of counters. By default the server's `search_path` decides. */
  readonly schema?: string | undefined;
  /** The first number, within 64 bits. Default: 1. */
  readonly startWith?: Integer | undefined;
}

/** A counter without gaps, as {@link gaplessCounter} makes it. */
export interface GaplessCounter {
  /** The name of the counter, which is the key of its row. */
  readonly name: string;

  /**
   * Returns the statement that creates the table of all counters of the schema, unless it exists. Run it with
   * `db.query`.
   *
   * ```sql
   * do 'begin
   *   create table if not exists "gapless_counter" ("name" pg_catalog.text primary key, "value" bigint not null);
   * exception when unique_violation or duplicate_object or duplicate_table then
   *   create table if not exists "gapless_counter" ("name" pg_catalog.text primary key, "value" bigint not null);
   * end; ...'
   * ```
   *
   * Several programs may run it at the same moment. The server's own `if not exists` alone then fails in all but one of
   * them.
   *
   * Fails with SQLSTATE 42501 if another role owns the table, because its triggers would run as the role that draws. So
   * it does if another role owns what is attached to the table, such as the function of a trigger. The owner has to be
   * the current role, a superuser, or the owner of the schema or database. Or the current role inherits its privileges
   * by grants of superusers or of the owner of the database: any other role may have made the current role a member of
   * itself.
   */
  create(): Sql;

  /**
   * Returns the next number. It belongs to the transaction: a rollback, also one to a savepoint, returns it to the
   * counter.
   *
   * ```ts
   * await db.begin(async (tx) => {
   *   const no = await invoiceNo.next(tx); // 1n
   *   await tx`insert into invoices (no, customer) values (${no}, ${customer})`;
   * });
   * ```
   *
   * Other transactions that draw from the counter wait until this one ends, so draw late. Fails with
   * `COUNTER_NOT_FOUND` before the table was created, and with `TRANSACTION_REQUIRED` for anything but the handle of a
   * transaction. `bind` of `nextval/kysely`, `nextval/drizzle` and `nextval/knex` makes one of a transaction of these
   * libraries, and `nextval/host` of any other.
   */
  next(transaction: Transaction | HostTransaction): Promise<bigint>;
}

const TABLE = "gapless_counter";
const NO_TABLE = "42P01";

/**
 * Makes a counter for numbers without gaps, such as those of invoices. It counts in a row of a table, inside the
 * transaction that uses the number. Sequences cannot do that, because a rollback does not undo a draw.
 *
 * ```ts
 * const invoiceNo = gaplessCounter("invoice_no", { schema: "billing", startWith: 1000 });
 * await db.query(invoiceNo.create()); // do 'begin create table if not exists "billing"."gapless_counter" (...); ...'
 * const no = await db.begin((tx) => invoiceNo.next(tx)); // 1000n
 * ```
 *
 * All counters of a schema are rows of one table, by name: `gaplessCounter("invoice_no_2026")` needs only its name. The
 * first use inserts the row with `startWith`, which has no effect afterwards. A role needs select, insert and update on
 * the table.
 *
 * The price is that writers queue: between `next` and the end of its transaction, no other transaction can draw from
 * the counter. With isolation level repeatable read or serializable, those that have waited fail with SQLSTATE 40001
 * and have to try again. Draw from several counters in the same order everywhere, or two transactions may wait for each
 * other (40P01).
 */
export function gaplessCounter(name: string, options?: GaplessOptions): GaplessCounter {
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME_LENGTH || !isText(name)) {
    const given = typeof name === "string" ? JSON.stringify(name.slice(0, 100)) : typeof name;
    const allowed = `a name of 1 to ${MAX_NAME_LENGTH} characters without NUL or half a surrogate pair`;
    refuseArgument("gaplessCounter", `takes ${allowed}, not ${given}`);
  }
  const { schema, startWith = 1n } = optionsOf("gaplessCounter", options, ["schema", "startWith"]);
  const start = readStart(startWith);
  if (start === undefined) {
    refuseArgument(`${name}:`, `startWith must be an integer within 64 bits, not ${shown(startWith)}`);
  }
  const table = schema === undefined ? sql.identifier(TABLE) : sql.identifier(pgSchema(schema).schemaName, TABLE);
  const draw = sql`
    insert into ${table} as counter ("name", "value") values (${name}, ${start}::bigint)
    on conflict ("name") do update set "value" = counter."value" operator(pg_catalog.+) 1
    returning "value"::pg_catalog.text`;
  return Object.freeze({
    name,
    create: () => sql`do ${sql.literal(createTable(table))}`,
    async next(transaction: Transaction | HostTransaction) {
      if (!isTransaction(transaction)) {
        const problem = "a number without gaps needs a transaction, so a rollback can return it";
        throw new NextvalError("TRANSACTION_REQUIRED", `${name}: ${problem}`, {
          hint: "Pass the handle of db.begin, or of bind(tx) for a transaction of a query builder.",
        });
      }
      try {
        const [row] = await (transaction as HostTransaction).query(draw);
        return BigInt(Object.values(row as object)[0] as string);
      } catch (cause) {
        if (sqlStateOf(cause) !== NO_TABLE) throw cause;
        throw new NextvalError("COUNTER_NOT_FOUND", `${name}: there is no table ${shownName(schema, TABLE)}`, {
          hint: "Create it, with the statement that create() of the counter returns: await db.query(counter.create()).",
          cause,
        });
      }
    },
  });
}

function isTransaction(thing: object): boolean {
  // A transaction of Knex is a function with these names, too. A handle of it also draws.
  return typeof thing === "function" && "nextval" in thing && ("savepoint" in thing || "isTransaction" in thing);
}

function createTable(table: Sql): string {
  const columns = '("name" pg_catalog.text primary key, "value" bigint not null)';
  const name = sql.literal(table.text).text;
  const oid = sql`pg_catalog.to_regclass(${sql.raw(name)})`;
  const tree = sql`
    select c.oid, c.tableoid, c.oid from pg_catalog.pg_class c
    where c.oid operator(pg_catalog.=) ${oid}
      or c.oid operator(pg_catalog.=) any (select t.relid from pg_catalog.pg_partition_tree(${oid}) t)`;
  const create = `create table if not exists ${table.text} ${columns};`;
  // If the second attempt fails, the cause is another one.
  return `begin
  begin
    ${create}
  exception when unique_violation or duplicate_object or duplicate_table then
    ${create}
  end;
  declare
    other pg_catalog.text;
  begin
    with recursive ${attachedCode(tree).text}
      select case when attached.objid operator(pg_catalog.=) c.oid then ''
        else pg_catalog.concat(' (', pg_catalog.pg_describe_object(attached.classid, attached.objid, 0), ')') end
      into other
      from attached
      join pg_catalog.pg_roles o on o.oid operator(pg_catalog.=) attached.role
      join pg_catalog.pg_roles own on own.rolname operator(pg_catalog.=) current_user
      join pg_catalog.pg_database d on d.datname operator(pg_catalog.=) pg_catalog.current_database()
      join pg_catalog.pg_class c on c.oid operator(pg_catalog.=) attached.root
      join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
      where not (o.rolsuper or o.oid operator(pg_catalog.=) own.oid or o.oid operator(pg_catalog.=) n.nspowner
        or o.oid operator(pg_catalog.=) d.datdba
        or not own.rolsuper and pg_catalog.pg_has_role(own.oid, o.oid, 'usage') and exists (
          with recursive joined (role) as (
            select own.oid
            union
            select m.roleid
            from joined
            join pg_catalog.pg_auth_members m on m.member operator(pg_catalog.=) joined.role
            join pg_catalog.pg_roles g on g.oid operator(pg_catalog.=) m.grantor
            where g.rolsuper or g.oid operator(pg_catalog.=) d.datdba
          )
          select from joined where joined.role operator(pg_catalog.=) o.oid
        ))
      order by 1 limit 1;
    if other operator(pg_catalog.=) '' then
      raise exception using errcode = 'insufficient_privilege',
        message = pg_catalog.concat(${name},
          ' belongs to another role, whose triggers would run as the role that draws');
    elsif other is not null then
      raise exception using errcode = 'insufficient_privilege',
        message = pg_catalog.concat(${name},
          ' has code of another role, which would run as the role that draws', other);
    end if;
  end;
end`;
}

/**
 * How many characters fit into the index of the primary key, whatever they are. Source: "B-Tree Indexes", section
 * "Implementation".
 */
const MAX_NAME_LENGTH = 500;

/** An exact integer of 64 bits; undefined for anything else. */
function readStart(given: unknown): bigint | undefined {
  const start = readInteger(given);
  return start !== undefined && BigInt.asIntN(64, start) === start ? start : undefined;
}
