/** What the page of `conformance.test.ts` runs: rows of the suite, over PGlite. */
import { PGlite, type PGliteOptions } from "@electric-sql/pglite";
import { bind } from "nextval/pglite";
import { createSchema, runInSession, runInTransaction } from "../conformance/run-row.js";

/** Files of PGlite, and an empty database. */
interface Files {
  readonly wasm: string;
  readonly data: string;
  readonly empty: string;
}

/** The tests are compiled without the names of browsers. */
declare const WebAssembly: {
  compileStreaming(source: Promise<Response>): Promise<NonNullable<PGliteOptions["pgliteWasmModule"]>>;
};

async function open({ wasm, data, empty }: Files): Promise<PGlite> {
  const blobOf = async (address: string) => (await fetch(address)).blob();
  const module = await WebAssembly.compileStreaming(fetch(wasm));
  return PGlite.create({
    pgliteWasmModule: module,
    // It is not needed, and would be loaded.
    initdbWasmModule: module,
    fsBundle: await blobOf(data),
    loadDataDir: new Blob([await blobOf(empty)], { type: "application/x-gzip" }),
    startParams: [...PGlite.defaultStartParams, "-c", "shared_buffers=8MB"],
  });
}

/** Returns what the steps of each row give. */
async function runRows(files: Files, inTransaction: string[], inSession: string[]): Promise<string[]> {
  const pglite = await open(files);
  await pglite.exec("create role reader; set search_path = place");
  return bind(pglite).session(async (session) => {
    const ground = { session, schema: "place", role: "reader" };
    await createSchema(ground);
    const outputs: string[] = [];
    const add = async (output: Promise<string>) =>
      outputs.push(await output.catch((error: unknown) => `failed: ${String(error)}`));
    for (const steps of inTransaction) await add(runInTransaction(steps, ground));
    for (const steps of inSession) {
      // The row before has reset it.
      await session`set search_path = place`;
      await add(runInSession(steps, ground));
    }
    return outputs;
  });
}

Object.assign(globalThis, { runRows });
