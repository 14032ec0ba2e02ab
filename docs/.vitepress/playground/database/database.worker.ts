/**
 * PostgreSQL, in a worker of a frame. It runs what programs send, and lists the sequences. Programs are superusers in
 * it, so they can load libraries, in which Emscripten finds JavaScript.
 */
import { PGlite } from "@electric-sql/pglite";
import { expose } from "comlink";
import { bind } from "nextval/pglite";
import type { Outcome, ServerError, Start, StatementRequest } from "../sandbox/messages";
import type { DatabaseFiles } from "./database-files";
import { type ShownSequence, shownSequences } from "./shown-sequences";

const ERROR_FIELDS = ["message", "severity", "code", "detail", "hint", "position", "where", "routine"] as const;

/** It takes a moment. Another database would take seconds. */
const EMPTY = `
  do $$
  declare found text;
  begin
    for found in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
      execute format('drop schema %I cascade', found);
    end loop;
    for found in select rolname from pg_roles where rolname !~ '^pg_' and rolname <> current_user loop
      execute format('drop owned by %I cascade', found);
      execute format('drop role %I', found);
    end loop;
  end $$;
  create schema public`;

let opening: Promise<PGlite> | undefined;

const asWritten = (text: unknown) => text as string;
const serializers = new Proxy({}, { get: () => asWritten });

const service = {
  /** Starts an empty database of these files. Returns what a program has to know to read its values. */
  async start(files: DatabaseFiles): Promise<Start> {
    opening = open(files);
    const pglite = await opening;
    const { rows } = await pglite.query<[number, number]>("select oid, typarray from pg_type where typarray <> 0", [], {
      rowMode: "array",
    });
    return { arrayTypes: rows.filter(([type]) => pglite.parsers[type] !== undefined) };
  },

  /** Runs one statement, or a script. Values and rows are texts. */
  async run({ text, values, types, isScript }: StatementRequest): Promise<Outcome> {
    const pglite = await database();
    const parsers = Object.fromEntries(Object.keys(pglite.parsers).map((type) => [type, asWritten]));
    try {
      const result = isScript
        ? (await pglite.exec(text, { rowMode: "array", parsers })).at(-1)
        : await pglite.query(text, [...values], { rowMode: "array", parsers, serializers, paramTypes: [...types] });
      const { fields = [], rows = [], command = "", rowCount = null } = { ...result };
      return {
        result: {
          columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })),
          rows: rows as (string | null)[][],
          command,
          count: rowCount,
        },
      };
    } catch (error) {
      const given = error as Record<string, unknown>;
      const fields = ERROR_FIELDS.filter((field) => typeof given[field] === "string");
      return { error: Object.fromEntries(fields.map((field) => [field, given[field]])) as ServerError };
    }
  },

  /** Drops everything that programs have created. */
  async empty(): Promise<void> {
    const pglite = await database();
    // Alone, because it refuses to run with others.
    await pglite.exec("rollback");
    await pglite.exec("discard all");
    await pglite.exec(EMPTY);
  },

  /** Ends what a stopped program has left open, and lists the sequences. */
  async sequences(): Promise<ShownSequence[]> {
    const pglite = await database();
    await pglite.exec("rollback; reset all; reset session authorization");
    return shownSequences(bind(pglite));
  },
};

export type DatabaseService = typeof service;

function database(): Promise<PGlite> {
  return opening ?? Promise.reject(new Error("The database has no files yet."));
}

/** Filling the usual 128 MB of buffers would take as long as the rest. */
async function open({ pglite, bundle, empty }: DatabaseFiles): Promise<PGlite> {
  const pgliteWasmModule = await WebAssembly.compile(pglite);
  return PGlite.create({
    pgliteWasmModule,
    // Another module is not needed, and could not be loaded.
    initdbWasmModule: pgliteWasmModule,
    fsBundle: new Blob([bundle]),
    loadDataDir: new Blob([empty], { type: "application/x-gzip" }),
    startParams: [...PGlite.defaultStartParams, "-c", "shared_buffers=8MB"],
  });
}

addEventListener("message", ({ ports }) => expose(service, ports[0]), { once: true });
