import { resolve } from "node:path";
import { DEFAULT_FORMAT } from "../../catalog/generate/migration-formats.js";
import { generate as filesOf } from "../../catalog/index.js";
import type { Flags } from "../config/settings.js";
import { describe, say, sayJson } from "../terminal/print.js";
import { shownPath } from "../terminal/relative-path.js";
import { lines, text } from "../terminal/shown-text.js";
import { withPlan } from "./with-plan.js";
import { writeFiles } from "./write-files.js";

/** `nextval generate`: writes the plan as the migration of a tool. */
export function generate(flags: Flags): Promise<number> {
  return withPlan(flags, async ({ plan, settings }) => {
    const { format = DEFAULT_FORMAT, migrations } = settings;
    const { changes, pending, questions } = plan;
    const made =
      changes.length + pending.length === 0 ? [] : filesOf(plan, { name: flags.name ?? "sequences", format });
    const files = made.map(({ path, content }) => ({ path: resolve(migrations, path), content }));
    writeFiles(files);
    if (flags.json === true) sayJson({ files, changes, pending, questions });
    else {
      say(describe(plan, settings.allow));
      say(
        files.length === 0
          ? text`\nNothing was written.`
          : lines(["", ...files.map(({ path }) => text`Wrote ${shownPath(path)}.`)]),
      );
    }
    return 0;
  });
}
