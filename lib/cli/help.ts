/** Below the help of the program. */
export const AFTER_HELP = `
Start with what a database has, and keep it so:
  nextval pull --out src/sequences.ts         write the declarations
  nextval check --declarations src/sequences.ts
                                              nothing differs: exit code 0
  ... edit src/sequences.ts ...
  nextval diff --declarations src/sequences.ts
                                              see the SQL, and why it may hurt
  nextval push --declarations src/sequences.ts
                                              apply it, in one transaction

What is the same each time goes into nextval.config.ts:
  import { defineConfig } from "nextval/config";
  export default defineConfig({ declarations: "src/sequences.ts" });

Exit codes: 0 all is well, 1 check found differences or push was answered with no,
2 an error: the sentence is on stderr, and nothing was changed.
`;

/** Below the help of each command: examples, exit codes. */
export const EXAMPLES = {
  diff: `
Shows each change with its SQL and its hazards, and asks what only you can say.
Changes nothing.

Example:
  nextval diff --declarations "src/**/sequences.ts" --rename order_seq=sales_order_seq

Exit codes: 0 shown, whether something differs or not; 2 an error.
`,
  push: `
Shows what it is going to do and asks; without a terminal, --yes is needed. Everything
is done in one transaction, or nothing. A hazard has to be allowed by its code; one
that is blocked cannot be. No current value is ever moved.

Example:
  nextval push --declarations src/sequences.ts --allow CYCLE_REPEATS_KEYS --yes

Exit codes: 0 applied, or nothing differs; 1 the answer was no; 2 refused, or an error.
`,
  pull: `
Writes TypeScript that declares every sequence, but those of identity columns and
extensions.

Example:
  nextval pull --schemas public,billing --out src/sequences.ts

Exit codes: 0 written; 2 an error, or the file exists and --force was not given.
`,
  generate: `
For a project that has a tool for migrations: writes a file in its form instead of
changing the database. Overwrites nothing.

Example:
  nextval generate --name faster_orders --out migrations

Exit codes: 0 written, or nothing differs and nothing was written; 2 an error.
`,
  check: `
For CI, and after a deployment. Changes nothing.

Example:
  nextval check --declarations src/sequences.ts --url "$DATABASE_URL"

Exit codes: 0 nothing differs; 1 something does, and is shown; 2 an error.
`,
} as const;
