import { compileFunction } from "node:vm";
import {
  alterSequence,
  type AnySequence,
  commentOnSequence,
  createSequence,
  dropSequence,
  generatedAsIdentity,
  grantOnSequence,
  type IdentityOptions,
  type Integer,
  nextval,
  pgSchema,
  pgSequence,
  renameSequence,
  resolveOptions,
  restartSequence,
  revokeOnSequence,
  type SequenceChanges,
  type SequenceOptions,
  type SequencePrivilege,
  type Session,
  setSequenceLogged,
  setSequenceOwnedBy,
  setSequenceSchema,
  sql,
  type Transaction,
} from "nextval";
import { applyPlan, inspectSequences, planChanges, pullDeclarations } from "nextval/catalog";
import { applyResync, planResync, sequenceStatus } from "nextval/operate";

type Handle = Session | Transaction;

/** The places that the steps of a row run in. */
export interface Place {
  /** The session or transaction of the row. */
  readonly handle: Handle;
  /** A second session, if rows are not run in a transaction. */
  readonly other?: Session;
  /** The schema that the names of a row are in: the only one of its `search_path`. */
  readonly schema: string;
  /** A role that may use the schema, and owns nothing. */
  readonly role: string;
}

/** How many rows have run. */
let rows = 0;

/** Ends a transaction that is rolled back on purpose. */
class RolledBack extends Error {}

/**
 * Runs the steps of a row one after the other, and returns what they give: values, texts, and the code of the error
 * that ends them. Each step calls a function of the library. A step that begins with `try` may fail, and the next ones
 * still run.
 */
export async function runSteps(steps: string, place: Place): Promise<string> {
  const script = new Script(place);
  await script.run(steps).catch((error: unknown) => script.outputs.push(codeOf(error)));
  return script.outputs.length === 0 ? "ok" : script.outputs.join("; ");
}

/** The code of our error, or the SQLSTATE of the server's. Anything else is a mistake in the row. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") throw error;
  return code;
}

/** Splits at semicolons outside of quotes. */
function split(steps: string): string[] {
  const found = steps.match(/(?:[^;"']|"[^"]*"|'[^']*')+/g) ?? [];
  return found.map((step) => step.trim()).filter((step) => step !== "");
}

class Script {
  readonly outputs: string[] = [];
  readonly place: Place;
  handle: Handle;
  readonly #scope: Record<string, unknown>;

  constructor(place: Place) {
    this.place = place;
    this.handle = place.handle;
    const named = Object.fromEntries(["s", "t", "u"].map((name) => [name, new Steps(this, () => this.handle, name)]));
    const { other } = place;
    const elsewhere = other === undefined ? {} : { other: new Steps(this, () => other, "s") };
    this.#scope = { ...named, ...elsewhere, ...this.#functions(), role: place.role, schema: place.schema };
  }

  async run(steps: string): Promise<void> {
    for (const step of split(steps)) {
      if (step.startsWith("try ")) await this.#attempt(step.slice(4));
      else await this.#evaluate(step);
    }
  }

  async #evaluate(step: string): Promise<void> {
    const names = Object.keys(this.#scope);
    const output: unknown = await compileFunction(`return (${step})`, names)(...Object.values(this.#scope));
    if (output !== undefined) this.outputs.push(shown(output));
  }

  /** After a failed statement, a transaction goes on from a savepoint only. */
  async #attempt(step: string): Promise<void> {
    await this.#inside(() => this.#evaluate(step)).catch((error: unknown) => this.outputs.push(codeOf(error)));
  }

  /** Runs work in a savepoint of a transaction, or in a transaction of a session. */
  async #inside(work: () => Promise<void>): Promise<void> {
    const before = this.handle;
    const run = async (inner: Handle) => {
      this.handle = inner;
      await work();
    };
    try {
      await ("savepoint" in before ? before.savepoint(run) : before.begin(run));
    } finally {
      this.handle = before;
    }
  }

  #functions(): Record<string, unknown> {
    const { schema } = this.place;
    const serial = ++rows;
    const state = () => inspectSequences(this.handle, { schemas: [schema] });
    const plan = async (sequences: Steps[], options: object) =>
      planChanges(
        sequences.map(({ declared }) => declared),
        await state(),
        options,
      );
    /** Leaves out the schema, which differs from run to run. */
    const local = (text: string) => text.replaceAll(`"${schema}".`, "");
    const listOf = (given: Steps | Steps[]) => [given].flat();
    // Tables of one name have other columns in each row, so a statement on them is not to be prepared for another row.
    const query = (text: string) => this.handle.query(sql.raw(`${text} -- ${serial}`));
    const valuesOf = async (text: string) => (await query(text)).flatMap((row) => Object.values(row as object));
    const outside = () => {
      if ("savepoint" in this.handle) throw new Error("This step needs a page whose rows run outside a transaction.");
      return this.handle;
    };
    return {
      /** Runs SQL that is not about sequences. */
      run: async (text: string) => void (await query(text)),
      /** The values that a query returns, row by row. */
      read: valuesOf,
      lastval: () => this.handle.lastval(),
      /** Inserts a row of defaults, and returns the values of the row. */
      insert: (text: string) => valuesOf(`insert into ${text} returning *`),
      as: async (name?: string) => void (await query(name === undefined ? "reset role" : `set local role ${name}`)),
      identity: async (generated: "always" | "by default", options?: IdentityOptions, type = "bigint") => {
        const column = sql`id ${sql.raw(type)} ${generatedAsIdentity(generated, options)}`;
        await this.handle.query(sql`create table x (${column}, note text)`);
      },
      rollback: async (steps: string) => {
        await this.#inside(async () => {
          await this.run(steps);
          throw new RolledBack();
        }).catch((error: unknown) => {
          if (!(error instanceof RolledBack)) throw error;
        });
      },
      commit: (steps: string) => this.#inside(() => this.run(steps)),
      /** The statements of a plan for these declarations. */
      plan: async (given: Steps | Steps[], options = {}) =>
        (await plan(listOf(given), options)).changes.map((change) => local(change.sql)).join(" + ") || "nothing",
      hazards: async (given: Steps | Steps[], options = {}) =>
        (await plan(listOf(given), options)).changes.flatMap(({ hazards }) => hazards.map(({ code }) => code)),
      pending: async (given: Steps | Steps[]) => (await plan(listOf(given), {})).pending.map((each) => local(each.sql)),
      /** Runs the statements of a plan, and returns them. Nothing may be left to do afterwards. */
      migrate: async (given: Steps | Steps[], options = {}) => {
        const { changes } = await plan(listOf(given), options);
        for (const change of changes) await this.handle.query(sql.raw(change.sql));
        const { changes: rest } = await plan(listOf(given), {});
        const done = changes.map((change) => local(change.sql));
        return [...done, ...rest.map((change) => `still ${local(change.sql)}`)].join(" + ") || "nothing";
      },
      /** Applies a plan with every hazard allowed that can be. Nothing may be left to do afterwards. */
      push: async (given: Steps | Steps[], options = {}) => {
        const planned = await plan(listOf(given), options);
        const hazards = planned.changes.flatMap((change) => change.hazards);
        await applyPlan(outside(), planned, { allow: hazards.filter((each) => !each.blocked).map(({ code }) => code) });
        const { changes } = await plan(listOf(given), {});
        return changes.length === 0 ? undefined : changes.map((change) => `still ${local(change.sql)}`);
      },
      pull: async () =>
        pullDeclarations(await state())
          .split("\n")
          .filter((line) => line !== "" && !/^(import|\/\/)/.test(line) && !line.includes("pgSchema("))
          .join(" ")
          .replaceAll(schema, "schema"),
      resync: async (options = {}) => {
        const own = outside();
        const moves = await planResync(own as never, { schemas: [schema], ...options });
        return void (await applyResync(own as never, moves));
      },
      /** The codes of the problems that `status` finds. */
      status: async () => {
        const { sequences } = await sequenceStatus(this.handle as never, { schemas: [schema] });
        return sequences.flatMap(({ problems }) => problems.map(({ code }) => code));
      },
    };
  }
}

/** The functions of the library for one sequence, as a row calls them. */
class Steps {
  declared: AnySequence;
  readonly #script: Script;
  readonly #handle: () => Handle;

  constructor(script: Script, handle: () => Handle, name: string) {
    this.#script = script;
    this.#handle = handle;
    this.declared = pgSequence(name);
  }

  /** Declares the sequence, under another name or in another schema if the options have `name` or `schema`. */
  declare({ name, schema, ...options }: SequenceOptions & { name?: string; schema?: string } = {}): void {
    const { seqName } = this.declared;
    const own = schema ?? this.declared.schema;
    this.declared = (
      own === undefined
        ? pgSequence(name ?? seqName, options as {})
        : pgSchema(own).sequence(name ?? seqName, options as {})
    ) as AnySequence;
  }

  async create(options: SequenceOptions = {}, extra: object = {}): Promise<void> {
    this.declare(options);
    await this.#run(createSequence(this.declared, extra));
  }

  /** Alters the sequence as the database has it now. */
  async alter(changes: SequenceChanges): Promise<void> {
    this.declare(await this.#stored());
    await this.#run(alterSequence(this.declared, changes));
  }

  draw(count?: number): Promise<unknown> {
    return count === undefined ? this.#handle().nextval(this.declared) : this.#handle().nextvals(this.declared, count);
  }

  currval = (): Promise<unknown> => this.#handle().currval(this.declared);
  lastval = (): Promise<unknown> => this.#handle().lastval();
  /** A string is SQL for the server, which the library does not check. */
  setval = (value: Integer, isCalled?: boolean): Promise<unknown> =>
    this.#handle().setval(this.declared, typeof value === "string" ? sql.raw(value) : value, isCalled);

  restart = (value?: Integer): Promise<void> => this.#run(restartSequence(this.declared, value));
  drop = (options: object = {}): Promise<void> => this.#run(dropSequence(this.declared, options));
  comment = (text: string | null): Promise<void> => this.#run(commentOnSequence(this.declared, text));
  logged = (logged: boolean): Promise<void> => this.#run(setSequenceLogged(this.declared, logged));
  grant = (privilege: SequencePrivilege | SequencePrivilege[], role: string): Promise<void> =>
    this.#run(grantOnSequence(this.declared, privilege, role));
  revoke = (privilege: SequencePrivilege | SequencePrivilege[], role: string): Promise<void> =>
    this.#run(revokeOnSequence(this.declared, privilege, role));
  own = (table: string | null, column = "id"): Promise<void> =>
    this.#run(setSequenceOwnedBy(this.declared, table === null ? null : { table, column }));

  async rename(name: string): Promise<void> {
    await this.#run(renameSequence(this.declared, name));
    this.declare({ ...this.declared.seqOptions, name });
  }

  async move(schema: string): Promise<void> {
    await this.#run(setSequenceSchema(this.declared, schema));
    this.declare({ ...this.declared.seqOptions, schema });
  }

  /** Creates a table whose key has this sequence as its default. */
  async feed(table: string, type = "bigint"): Promise<void> {
    const key = sql`id ${sql.raw(type)} primary key default ${nextval(this.declared)}`;
    await this.#run(sql`create table ${sql.identifier(table)} (${key}, note text)`);
  }

  /** The options that the server has, of these names. */
  async options(...names: string[]): Promise<unknown> {
    const stored: Record<string, unknown> = (await this.#stored()) as object as Record<string, unknown>;
    return names.length === 1 ? stored[names[0]!] : names.map((name) => stored[name]);
  }

  /** The row of the sequence itself. */
  async state(): Promise<unknown> {
    const { last, called } = await this.#handle().one(
      sql<{ last: bigint; called: boolean }>`select last_value as last, is_called as called from ${this.declared}`,
    );
    return [last, called];
  }

  async exists(): Promise<unknown> {
    const name = sql`${this.declared}`.text;
    return (await this.#handle().one(sql<{ oid: unknown }>`select to_regclass(${name}) as oid`)).oid !== null;
  }

  /** Whether the options in the database are those of the declaration. */
  async isDeclared(): Promise<unknown> {
    const stored = (await this.#stored()) as object as Record<string, unknown>;
    const declared = resolveOptions(this.declared) as object as Record<string, unknown>;
    return ["as", "startWith", "increment", "minValue", "maxValue", "cache", "cycle"].every(
      (name) => stored[name] === declared[name],
    );
  }

  /** A fact that `inspectSequences` finds. */
  async inspect(fact: "owner" | "definedBy" | "feeds" | "comment" | "unlogged" | "lastValue" | "isCalled" | "missing") {
    const { schema } = this.#script.place;
    const { sequences } = await inspectSequences(this.#handle(), { schemas: [this.declared.schema ?? schema] });
    const found = sequences.find(({ seqName }) => seqName === this.declared.seqName);
    if (found === undefined) return "none";
    const { options, feeds, definedBy, lastValue, isCalled, missingPrivileges } = found;
    const owner = options.ownedBy === null ? null : `${options.ownedBy.table}.${options.ownedBy.column}`;
    const { comment, unlogged } = options;
    const columns = feeds.map(({ table, column }) => `${table}.${column}`);
    return { owner, definedBy, feeds: columns, comment, unlogged, lastValue, isCalled, missing: missingPrivileges }[
      fact
    ];
  }

  async #stored(): Promise<SequenceOptions> {
    const name = sql`${this.declared}`.text;
    return this.#handle().one(sql<SequenceOptions>`
      select seqtypid::regtype::text as as, seqstart as "startWith", seqincrement as increment, seqmin as "minValue",
             seqmax as "maxValue", seqcache as cache, seqcycle as cycle
      from pg_sequence where seqrelid = ${name}::regclass`);
  }

  async #run(statement: Parameters<Handle["query"]>[0]): Promise<void> {
    await this.#handle().query(statement);
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(shown).join(" ");
  return String(value);
}
