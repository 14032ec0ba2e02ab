import { spawnSync } from "node:child_process";
import { relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions } from "esbuild";
import ts from "typescript-6";
import { CHECKOUT } from "./checkout.js";
import { median } from "./interleave.js";
import { atMost, least, type Report, round, type Table } from "./report.js";

const LIMIT_KB = 10;
const PORT_LIMIT_KB = 3;
const LIMIT_MS = 5;
/** The fewest characters of a text that is taken for a sentence. */
const LEAST_SENTENCE = 10;
const PAIRS = 21;

const PROGRAMS = {
  "with the handle's tag": `
    import postgres from "postgres";
    import { bind, nextval, pgSequence } from "nextval";
    const orderSeq = pgSequence("order_seq", { startWith: 100 });
    const db = bind(postgres());
    export const order = (note) => db\`insert into orders (id, note) values (\${nextval(orderSeq)}, \${note})\`;
  `,
  "with the sql tag": `
    import postgres from "postgres";
    import { bind, nextval, pgSequence, sql } from "nextval";
    const orderSeq = pgSequence("order_seq", { startWith: 100 });
    const db = bind(postgres());
    export const order = (note) =>
      db.query(sql\`insert into orders (id, note) values (\${nextval(orderSeq)}, \${note})\`);
  `,
  everything: `export * from "nextval";`,
};

/** The same insert with others, without the driver as well. */
const PEERS = {
  "Kysely, which brings no driver": `
    import { Kysely, PostgresDialect, sql } from "kysely";
    const db = new Kysely({ dialect: new PostgresDialect({ pool: globalThis.pool }) });
    export const order = (note) =>
      sql\`insert into orders (id, note) values (nextval('order_seq'), \${note})\`.execute(db);
  `,
  Drizzle: `
    import postgres from "postgres";
    import { sql } from "drizzle-orm";
    import { drizzle } from "drizzle-orm/postgres-js";
    const db = drizzle(postgres());
    export const order = (note) =>
      db.execute(sql\`insert into orders (id, note) values (nextval('order_seq'), \${note})\`);
  `,
};

/** The subpaths that are ports of drivers. A program of theirs has a handle of the core in any case. */
const PORTS = ["pg", "pglite", "host"];
const CORE = 'export * from "nextval";';

/** What a driver needs whose connections run one statement at a time, without the driver. */
const QUEUED = `export { serialPort } from "${CHECKOUT}lib/drivers/queued/port.ts";`;

/** Measures what nextval adds to a bundle, and to the time until a program is loaded. */
export async function measure(): Promise<Report> {
  const bundles = await Promise.all(Object.values(PROGRAMS).map(bundle));
  const [minimal] = bundles as [Bundle];
  const peers = await Promise.all(Object.values(PEERS).map(bundle));
  const core = await bundle(CORE);
  const ports = await Promise.all(
    PORTS.map(async (name) => {
      const both = await bundle(`${CORE} export { bind as bindPort } from "nextval/${name}";`);
      return { name, minified: both.minified - core.minified, gzipped: both.gzipped - core.gzipped };
    }),
  );
  const queued = (await bundle(`${CORE} ${QUEUED}`)).fromSources - core.fromSources;
  const imports = timeImports();
  const sizes: Table = {
    title: "A minimal program without the driver, in bytes",
    columns: ["", "minified", "gzipped"],
    rows: [...Object.keys(PROGRAMS), ...Object.keys(PEERS)].map((name, index) => [
      name,
      [...bundles, ...peers][index]?.minified ?? 0,
      [...bundles, ...peers][index]?.gzipped ?? 0,
    ]),
  };
  const modules: Table = {
    title: "What it is made of, by module, minified",
    columns: ["", ...Object.keys(PROGRAMS)],
    rows: Object.keys(minimal.modules)
      .sort((one, other) => (minimal.modules[other] ?? 0) - (minimal.modules[one] ?? 0))
      .map((module) => [module, ...bundles.map((each) => each.modules[module] ?? 0)]),
  };
  const added: Table = {
    title: "What a port adds to a program that has all of nextval, in bytes",
    columns: ["", "minified", "gzipped"],
    rows: ports.map(({ name, minified, gzipped }) => [`nextval/${name}`, minified, gzipped]),
  };
  const loading: Table = {
    title: `Loading, in ms, medians of ${PAIRS} pairs of processes`,
    columns: ["", "ms"],
    rows: [
      ["postgres.js", round(imports.driver)],
      ["postgres.js and nextval", round(imports.both)],
      ["difference", round(median(imports.differences))],
    ],
  };
  return {
    tables: [sizes, modules, added, loading],
    targets: [
      atMost("minimal program, gzipped", minimal.gzipped / 1000, LIMIT_KB, {
        unit: " kB",
        limit: `${round(gzippedSize(withoutSentences(minimal.program)) / 1000)} (without the sentences of its errors)`,
        peer: least(Object.keys(PEERS).map((name, index) => ({ name, figure: (peers[index]?.gzipped ?? 0) / 1000 }))),
      }),
      ...ports.map(({ name, gzipped }) =>
        atMost(`nextval/${name}, gzipped`, gzipped / 1000, PORT_LIMIT_KB, {
          unit: " kB",
          ...(name === "host"
            ? {}
            : { limit: `${round(queued / 1000)} (what every driver of single statements needs)` }),
        }),
      ),
      atMost("import over postgres.js alone", imports.differences, LIMIT_MS, { unit: " ms" }),
    ],
  };
}

const SOURCES = {
  nextval: `${CHECKOUT}lib/index.ts`,
  ...Object.fromEntries(
    ["pg", "pglite", "host"].map((port) => [`nextval/${port}`, `${CHECKOUT}lib/drivers/${port}/index.ts`]),
  ),
};

interface Bundle {
  readonly minified: number;
  readonly gzipped: number;
  readonly program: string;
  /** The same from the sources, which are not divided into chunks. */
  readonly fromSources: number;
  readonly modules: { readonly [path: string]: number };
}

async function bundle(program: string): Promise<Bundle> {
  const options = {
    stdin: { contents: program, resolveDir: CHECKOUT, loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["postgres"],
    tsconfigRaw: {},
    metafile: true,
    write: false,
    // It warns that bare imports of chunks are ignored, which they should be.
    logLevel: "error",
  } satisfies BuildOptions;
  // The published package is one file; the sources show its parts.
  const [published, sources] = await Promise.all([build(options), build({ ...options, alias: SOURCES })]);
  const contents = published.outputFiles[0]?.contents ?? new Uint8Array();
  const inputs = Object.values(sources.metafile.outputs).flatMap((each) => Object.entries(each.inputs));
  return {
    minified: contents.length,
    gzipped: gzippedSize(contents),
    program: Buffer.from(contents).toString(),
    fromSources: gzippedSize(sources.outputFiles[0]?.contents ?? new Uint8Array()),
    modules: Object.fromEntries(
      inputs
        .filter(([path]) => path !== "<stdin>")
        .map(([path, { bytesInOutput }]) => [relative(`${CHECKOUT}lib`, resolve(path)), bytesInOutput]),
    ),
  };
}

/** Removes the texts of a program that are sentences: those that are long and have spaces. */
function withoutSentences(program: string): string {
  const sentences: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
    const text = program.slice(node.pos, node.end);
    if (isText && text.length > LEAST_SENTENCE && text.includes(" ")) sentences.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("bundle.js", program, ts.ScriptTarget.ESNext));
  return sentences.reduceRight((left, { pos, end }) => left.slice(0, pos) + left.slice(end), program);
}

function gzippedSize(contents: string | Uint8Array): number {
  return gzipSync(contents, { level: 9 }).length;
}

/** Loads both in fresh processes, in turn; the time that Node itself takes to start is left out. */
function timeImports(): { driver: number; both: number; differences: readonly number[] } {
  const driver: number[] = [];
  const both: number[] = [];
  const timeDriver = () => driver.push(timeImport(["postgres"]));
  const timeBoth = () => both.push(timeImport(["postgres", "nextval"]));
  // The first pair only brings the files into the memory of the system.
  for (let pair = 0; pair <= PAIRS; pair++) {
    for (const time of pair % 2 === 0 ? [timeDriver, timeBoth] : [timeBoth, timeDriver]) time();
  }
  const differences = both.map((time, pair) => time - (driver[pair] as number));
  return { driver: median(driver.slice(1)), both: median(both.slice(1)), differences: differences.slice(1) };
}

function timeImport(modules: readonly string[]): number {
  const program = `
    const start = performance.now();
    ${modules.map((module) => `await import(${JSON.stringify(module)});`).join("\n")}
    console.log(performance.now() - start);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: CHECKOUT,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (stderr !== "") throw new Error(stderr);
  return Number(stdout);
}
