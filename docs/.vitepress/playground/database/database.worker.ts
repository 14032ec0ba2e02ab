/** PostgreSQL, in a worker of the page. It runs what programs send, and lists the sequences. */
import { PGlite } from "@electric-sql/pglite";
import { expose } from "comlink";
import { bind } from "nextval/pglite";
import emptyDatabase from "virtual:playground/empty-database";
import data from "virtual:playground/pglite.data";
import wasm from "virtual:playground/pglite.wasm";
import type { Outcome, ServerError, Start, StatementRequest } from "../sandbox/messages";
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
  /** Starts an empty database. Returns what a program has to know to read its values. */
  async start(): Promise<Start> {
    const pglite = await database();
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

  /** The addresses of this worker and of what it has loaded. */
  loaded: () => [location.href, ...performance.getEntriesByType("resource").map(({ name }) => name)],
};

export type DatabaseService = typeof service;

function database(): Promise<PGlite> {
  return (opening ??= open());
}

/** Everything is loaded at the same time. Filling the usual 128 MB of buffers would take as long as the rest. */
async function open(): Promise<PGlite> {
  const blobOf = async (address: string) => (await fetch(address)).blob();
  const [files, fsBundle, pgliteWasmModule] = await Promise.all([
    blobOf(emptyDatabase),
    blobOf(data),
    WebAssembly.compileStreaming(fetch(wasm)),
  ]);
  const loadDataDir = new Blob([files], { type: "application/x-gzip" });
  const startParams = [...PGlite.defaultStartParams, "-c", "shared_buffers=8MB"];
  // Another module is not needed, and would be loaded.
  const initdbWasmModule = pgliteWasmModule;
  return PGlite.create({ loadDataDir, fsBundle, pgliteWasmModule, initdbWasmModule, startParams });
}

// The worker is made to start it.
void database().catch(() => {});

expose(service);
