import { type TestDatabase, useDatabase } from "../database.js";
import { type Project, useProjects } from "./project.js";

/** The file of declarations with that source. */
export const declaring = (source: string) => ({
  "sequences.ts": `import { pgSchema, pgSequence } from "nextval"; ${source}`,
});

const DECLARING = declaring(`
  export const orderSeq = pgSequence("order_seq", { startWith: 100, increment: 2 });
  export const billing = pgSchema("billing");
  export const invoiceSeq = billing.sequence("invoice_seq");`);

/** Declares a sequence that belongs to a table, which a first deployment may create later. */
export const DECLARING_OWNER = declaring(`
  export const orderSeq = pgSequence("orders_id_seq", { ownedBy: { table: "orders", column: "id" } });`);

/** How a command shows what the declarations of such a project change in an empty database. */
export const CREATED = `3 changes:

create schema billing
  create schema "billing";

create billing.invoice_seq
  create sequence "billing"."invoice_seq";

create order_seq
  create sequence "public"."order_seq" increment by 2 start with 100;
`;

/** A database, and projects that declare sequences for it. */
export function useDeclaredProjects(): {
  readonly database: TestDatabase;
  /** Empties the database, and makes a project, which declares what CREATED shows unless files are given. */
  begin(files?: Readonly<Record<string, string>>): Promise<Project>;
  /** The sequences of the database. */
  sequences(): Promise<string[]>;
} {
  const database = useDatabase({ onnotice: () => {} });
  const newProject = useProjects();
  return {
    database,
    async begin(files = DECLARING) {
      await database.client.unsafe(`
        drop schema if exists billing cascade; drop schema public cascade; create schema public`);
      return await newProject({
        ...files,
        "nextval.config.ts": `
          import { defineConfig } from "nextval/config";
          export default defineConfig({ declarations: "sequences.ts", url: ${JSON.stringify(database.url)} });
        `,
      });
    },
    async sequences() {
      const rows = await database.client<{ name: string }[]>`
        select format('%s.%s', schemaname, sequencename) as name from pg_sequences order by 1`;
      return rows.map(({ name }) => name);
    },
  };
}
