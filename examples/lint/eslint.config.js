import safeql from "@ts-safeql/eslint-plugin/config";
import postgres from "postgres";
import tseslint from "typescript-eslint";
import { sequenceExists } from "./sequence-exists.js";

const databaseUrl = process.env["DATABASE_URL"];

/** The sequences of the database. A rule of ESLint cannot wait for a server, so they are read before. */
async function readSequences() {
  const sql = postgres(databaseUrl);
  const sequences = await sql`
    select nspname as schema, relname as name, nspname operator(pg_catalog.=) any (pg_catalog.current_schemas(true)) as "onPath"
    from pg_catalog.pg_class join pg_catalog.pg_namespace on pg_namespace.oid operator(pg_catalog.=) relnamespace
    where relkind operator(pg_catalog.=) 'S'`;
  await sql.end();
  return [...sequences];
}

export default [
  {
    files: ["*.ts"],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "@typescript-eslint": tseslint.plugin, nextval: { rules: { "sequence-exists": sequenceExists } } },
    rules: {
      "@typescript-eslint/no-floating-promises": ["error", { checkThenables: true }],
      "@typescript-eslint/no-unused-expressions": "error",
      "nextval/sequence-exists": ["error", await readSequences()],
    },
  },
  { files: ["*.ts"], ...safeql.configs.connections({ databaseUrl, plugins: [{ package: "./safeql-plugin.cjs" }] }) },
];
