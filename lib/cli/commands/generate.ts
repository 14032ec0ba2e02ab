import { resolve } from "node:path";
import { Option } from "commander";
import { DEFAULT_FORMAT, MIGRATION_FORMATS, MODULE_EXTENSIONS } from "../../catalog/generate/migration-formats.js";
import { generateMigration as filesOf } from "../../catalog/index.js";
import type { Flags } from "../config/settings.js";
import { describe, planAsJson } from "../report/describe-plan.js";
import { print, printJson } from "../terminal/print.js";
import { shownPath } from "../terminal/relative-path.js";
import { lines, text } from "../terminal/shown-text.js";
import { addPlanning, type CliCommand } from "./command.js";
import { migrationFolder } from "./migration-folder.js";
import { withPlan } from "./with-plan.js";
import { writeFiles } from "./write-files.js";

/** `nextval generate`: writes the plan as the migration of a tool. */
export const command: CliCommand = {
  summary: "write the changes of push as a migration",
  details: `
For a project with a migration tool: writes a file in the tool's format instead of
changing the database. Its name continues those in the folder. Overwrites nothing but
the journal of Drizzle and atlas.sum, which list the files. Pending owners become a
separate migration, ..._owners, which has to run after the tables.

Unlike push, it does not restart a sequence that was never drawn from, unless the server
would refuse the change: values may have been drawn where the migration runs. A comment
has the statement.

Example:
  nextval generate --name faster_orders --out migrations

Exit codes: 0 written, or nothing differs and nothing was written; 2 an error.
`,
  addOptions(command) {
    const format = new Option("--format <format>", `the migration tool; default: ${DEFAULT_FORMAT}`);
    const extension = new Option(
      "--extension <extension>",
      "the kind of module for knex, kysely and umzug; default: as the last one in the folder, then ts",
    );
    addPlanning(command)
      .option("--name <name>", "the name of the migration; default: sequences")
      .addOption(format.choices(MIGRATION_FORMATS))
      .addOption(extension.choices(MODULE_EXTENSIONS))
      .option("--out <folder>", "write to this folder; default: out in the configuration, then migrations");
  },
  run: generate,
};

function generate(flags: Flags): Promise<number> {
  return withPlan(flags, async ({ plan, settings }) => {
    const { format = DEFAULT_FORMAT, migrations } = settings;
    const { changes, pending, questions } = plan;
    const { name = "sequences", extension } = flags;
    const made =
      changes.length + pending.length === 0
        ? []
        : filesOf(plan, { name, format, extension, folder: migrationFolder(migrations) });
    const files = made.map((file) => ({ ...file, path: resolve(migrations, file.path) }));
    writeFiles(files);
    if (flags.json === true) {
      const written = files.map(({ path, content }) => ({ path, content }));
      printJson({ files: written, ...planAsJson(plan, settings.allow) });
    } else {
      // The statements of the files, which do not restart a sequence as push does.
      const written = changes.map((change) => ({ ...change, sql: change.restart?.without ?? change.sql }));
      print(describe({ changes: written, pending, questions }, settings.allow));
      print(
        files.length === 0
          ? text`\nNothing was written.`
          : lines(["", ...files.map(({ path }) => text`Wrote ${shownPath(path)}.`)]),
      );
    }
    return 0;
  });
}
