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

Exit codes: 0 all is well, 1 check or status found something or the answer was no,
2 an error: the sentence is on stderr, and nothing was changed.

Connect as a role that has pg_read_all_data (PostgreSQL 14) and is not a superuser:
reading a table runs code of its owner with the rights of the role that reads. A
read-only transaction is no sandbox.
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

Stops if a new sequence may be an old one under a new name, until --rename or --new
says so; --yes is no answer to that. An owner whose table does not exist yet is
pending: push again once it does.

Example:
  nextval push --declarations src/sequences.ts --allow CYCLE_REPEATS_KEYS --yes

Exit codes: 0 applied, or nothing can be changed now; 1 the answer was no; 2 refused, a
question is open, or an error.
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
changing the database. Overwrites nothing. What is pending becomes a migration of its
own, ..._owners, which has to run after the tables.

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
  status: `
How much of each sequence is used, of what it or its column holds; whether the next
insert will fail; whether a role that may insert may not draw. Changes nothing.

Best run by a role with pg_read_all_data that is not a superuser. For a superuser,
columns are not compared if that would run code of another role: see --trust-owner.
Views and foreign tables are read with --views only.

Examples:
  nextval status
  nextval status --watch 60 --once          with the days that are left
  nextval status --watch 60 --json          a document per line, for ever
  nextval status --prometheus > new.prom && mv new.prom sequences.prom

Exit codes: 0 all is well, or --prometheus, whose metrics say how it is; 1 past the
threshold; 2 an error.
`,
  resync: `
After an import or a restore: inserts fail with duplicate keys, because the sequences
do not know of the rows. Moves none backwards unless told to. Safe while others work:
each sequence is held for a moment; see --lock-timeout.

Best run by the owner of the sequences, and not by a superuser, who does not compare
columns if that would run code of another role: see --trust-owner. Views and foreign
tables are read with --views only.

Example:
  nextval resync --dry-run

Exit codes: 0 done; 1 the answer was no; 2 some could not be moved, or an error.
`,
  transfer: `
At a cutover or a major upgrade: logical replication carries rows, not sequences. Stop
writing to the source first, wait for the target to catch up, then run this. It checks
everything before it sets anything, and can be run again.

Example:
  nextval transfer --from "$OLD_URL" --to "$NEW_URL" --margin 5000

Exit codes: 0 done; 2 refused, with all that differs, or an error.
`,
} as const;
