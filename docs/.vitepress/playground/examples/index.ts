const sources = import.meta.glob<string>("./programs/*.ts", { query: "?raw", import: "default", eager: true });

/** A program to begin with. Its first line is its title. */
export interface Example {
  readonly name: string;
  readonly title: string;
  readonly program: string;
}

/** In the order in which they teach. */
const NAMES = [
  "declare",
  "insert",
  "currval",
  "rollback",
  "cache",
  "cycle",
  "ownership",
  "identity",
  "plan",
  "status",
  "resync",
  "named",
];

export const examples: readonly Example[] = NAMES.map((name) => {
  const program = sources[`./programs/${name}.ts`] ?? "";
  return { name, program, title: /^\/\/ (.*?)\.?$/m.exec(program)?.[1] ?? name };
});
