/**
 * What checking 1,000 declarations costs the compiler: ours, fully checked, beside Drizzle's, which are not.
 *
 *     npx tsx test/bench/type-check.ts [rounds] [out.json]
 *
 * The same declarations in both styles, but for the import; every figure is the median of the rounds, which take turns.
 * "all options" has what Drizzle lacks besides: types, bigints, decimal strings near the limits, modes, owners.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT } from "./checkout.js";

const COUNT = 1000;
const COMPILERS = { "TypeScript 5.9": "typescript-5", "TypeScript 7": "typescript" };
const FIGURES = { "total s": /^Total time:\s+([\d.]+)/m, "memory MB": /^Memory used:\s+([\d.]+)/m };
type Figure = keyof typeof FIGURES;

const rounds = Number(process.argv[2] ?? 7);
const folder = mkdtempSync(join(tmpdir(), "nextval-type-check-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

prepare();
const contenders = {
  drizzle: project("drizzle", 'import { pgSchema, pgSequence } from "drizzle-orm/pg-core";', declarations(false)),
  nextval: project("nextval", 'import { pgSchema, pgSequence } from "nextval";', declarations(false)),
  "nextval, all options": project("nextval-all", 'import { pgSchema, pgSequence } from "nextval";', declarations(true)),
  "drizzle, import only": project("drizzle-0", 'import { pgSchema, pgSequence } from "drizzle-orm/pg-core";', []),
  "nextval, import only": project("nextval-0", 'import { pgSchema, pgSequence } from "nextval";', []),
};
report(measure());

/** The packages as a user of them sees them: built, side by side in node_modules. */
function prepare(): void {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "nextval"), { recursive: true });
  for (const name of ["drizzle-orm", "postgres"])
    symlinkSync(join(CHECKOUT, "node_modules", name), join(modules, name));
  cpSync(join(CHECKOUT, "package.json"), join(modules, "nextval/package.json"));
  const compiler = join(CHECKOUT, "node_modules/typescript/bin/tsc");
  const outDir = join(modules, "nextval/dist");
  execFileSync(process.execPath, [compiler, "-p", join(CHECKOUT, "tsconfig.build.json"), "--outDir", outDir], {
    stdio: "inherit",
  });
}

function project(name: string, head: string, lines: readonly string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, "package.json"), '{ "type": "module" }');
  const text = [head, 'const billing = pgSchema("billing");', "export { billing, pgSequence };", ...lines, ""].join(
    "\n",
  );
  writeFileSync(join(path, "declarations.ts"), text);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    module: "nodenext",
    types: [],
    skipLibCheck: true,
  };
  writeFileSync(join(path, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["declarations.ts"] }));
  return path;
}

/** Declarations with everything drawn at random, but the same in every run. */
function declarations(all: boolean): string[] {
  let state = 42;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const maybe = (chance: number, option: () => string) => (random(100) < chance ? [option()] : []);
  const written = (value: bigint) =>
    all ? [`${value}`, `${value}n`, `"${value}"`][random(3)] : [`${value}`, `"${value}"`][random(2)];

  return Array.from({ length: COUNT }, (_, index) => {
    const descending = random(5) === 0;
    const size = BigInt(Math.floor((1 + random(1e6) / 1e6) * 10 ** (2 + random(random(10) === 0 ? 13 : 6))));
    const type = all ? ["smallint", "integer", "bigint", undefined][random(4)] : undefined;
    const range = type === "smallint" ? size % 30000n : type === "integer" ? size % 2000000000n : size;
    const low = descending ? -range - 10n : range % 1000n;
    const high = descending ? -(range % 9n) - 1n : range + 1001n;
    const bounded = random(10) < 4;
    const bare = random(10) < 2;
    const options = bare
      ? []
      : [
          ...(bounded ? [`minValue: ${written(low)}`, `maxValue: ${written(high)}`] : []),
          ...maybe(50, () => `startWith: ${written(low + (high - low) / BigInt(2 + random(9)))}`),
          ...(descending
            ? [`increment: -${1 + random(50)}`]
            : maybe(40, () => `increment: ${written(BigInt(1 + random(1000)))}`)),
          ...maybe(30, () => `cache: ${1 + random(500)}`),
          ...maybe(30, () => `cycle: ${random(2) === 0}`),
          ...(type === undefined ? [] : [`as: "${type}"`]),
          ...(all ? maybe(30, () => `ownedBy: { table: "orders_${random(90)}", column: "id" }`) : []),
          ...(all ? maybe(30, () => `comment: "numbers of kind ${index}"`) : []),
          ...(all ? maybe(20, () => 'mode: "string"') : []),
        ];
    const given = options.length === 0 ? "" : `, { ${options.join(", ")} }`;
    const declare = random(3) === 0 ? "billing.sequence" : "pgSequence";
    return (
      `export const seq${index} = ` +
      `${declare}("${["order", "invoice", "ticket_of_the_day"][random(3)]}_${index}_seq"${given});`
    );
  });
}

function measure(): Record<string, Record<string, Record<Figure, number>>> {
  const samples = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [label, compiler] of Object.entries(COMPILERS)) {
      for (const [name, path] of Object.entries(contenders)) {
        const bin = join(CHECKOUT, "node_modules", compiler, "bin/tsc");
        const { stdout, status } = spawnSync(process.execPath, [bin, "-p", path, "--extendedDiagnostics"], {
          encoding: "utf8",
        });
        if (status !== 0) throw new Error(`${label}, ${name}:\n${stdout.slice(0, 2000)}`);
        for (const [figure, pattern] of Object.entries(FIGURES)) {
          const value = Number(pattern.exec(stdout)?.[1]) / (figure === "memory MB" ? 1024 : 1);
          const key = [label, name, figure].join("/");
          samples.set(key, [...(samples.get(key) ?? []), value]);
        }
      }
    }
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
  const results: Record<string, Record<string, Record<Figure, number>>> = {};
  for (const [key, values] of samples) {
    const [label, name, figure] = key.split("/") as [string, string, Figure];
    ((results[label] ??= {})[name] ??= {} as Record<Figure, number>)[figure] = median(values);
  }
  return results;
}

function report(results: ReturnType<typeof measure>): void {
  for (const [label, byName] of Object.entries(results)) {
    const limit = byName["drizzle"] as Record<Figure, number>;
    console.log(`\n${label}, ${COUNT} declarations, median of ${rounds}`);
    console.table(
      Object.fromEntries(
        Object.entries(byName).map(([name, figures]) => [
          name,
          {
            "total s": figures["total s"].toFixed(2),
            "times drizzle's": (figures["total s"] / limit["total s"]).toFixed(2),
            "memory MB": figures["memory MB"].toFixed(0),
            "of drizzle's": (figures["memory MB"] / limit["memory MB"]).toFixed(2),
          },
        ]),
      ),
    );
  }
  const out = process.argv[3];
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(results, null, 2)}\n`);
}
