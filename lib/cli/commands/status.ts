import { setTimeout } from "node:timers/promises";
import {
  type Health,
  rate,
  type SequenceRate,
  status as healthOf,
  type StatusOptions,
  toJson,
  toPrometheus,
} from "../../operate/index.js";
import { type Flags, settingsOf } from "../config/settings.js";
import { withDatabase } from "../database/connect.js";
import { checkSchemas } from "../database/known-schemas.js";
import { patiently } from "../database/timeouts.js";
import { describeHealth } from "../report/describe-health.js";
import { fail } from "../terminal/command-error.js";
import { color, say, sayJson, sayJsonLine, sayMetrics } from "../terminal/print.js";
import { progressBar } from "../terminal/progress.js";
import { text } from "../terminal/shown-text.js";

/** `nextval status`: how the sequences are, worst first; fails past a threshold. */
export async function status(flags: Flags): Promise<number> {
  refuseContradictions(flags);
  const settings = await settingsOf(flags);
  const options: StatusOptions = {
    schemas: settings.schemas,
    warnAt: flags.warnAt,
    criticalAt: flags.criticalAt,
    columns: flags.allColumns === true ? "all" : undefined,
    views: flags.views,
    trustOwners: flags.trustOwner,
  };
  return withDatabase(settings, async (db) => {
    const reader = patiently(db, settings);
    await checkSchemas(reader, settings.schemas);
    let before = await look();
    if (flags.watch === undefined || flags.once !== true) print(before, undefined, flags);
    while (flags.watch !== undefined) {
      await setTimeout(flags.watch * 1000);
      const after = await look();
      print(after, rate(before, after), flags);
      before = after;
      if (flags.once === true) break;
    }
    return exitCode(before, flags);

    async function look(): Promise<Health> {
      const progress = progressBar("comparing columns");
      try {
        return await healthOf(reader, { ...options, onProgress: progress.show });
      } finally {
        progress.clear();
      }
    }
  });
}

function refuseContradictions({ json, prometheus, once, watch, verbose, failAt }: Flags): void {
  if (json === true && prometheus === true) fail("--json and --prometheus are two formats; give one of them");
  if (once === true && watch === undefined) {
    fail("--once ends what --watch begins, at its second look; add --watch SECONDS, or leave --once out");
  }
  if (verbose === true && (json === true || prometheus === true)) {
    fail("--verbose adds sentences for people; --json and --prometheus have all there is without it");
  }
  if (failAt !== undefined && prometheus === true) {
    fail("--fail-at sets an exit code, and with --prometheus it is 0 whatever the level is; leave one of them out");
  }
}

/** The metrics carry the level themselves, and a script keeps them only where the command has not failed. */
function exitCode({ level }: Health, { failAt = "critical", prometheus }: Flags): number {
  if (prometheus === true) return 0;
  return level === "critical" || (level === "warning" && failAt === "warning") ? 1 : 0;
}

function print(health: Health, rates: readonly SequenceRate[] | undefined, flags: Flags): void {
  const isOneOfMany = flags.watch !== undefined && flags.once !== true;
  if (flags.prometheus === true) sayMetrics(toPrometheus(health).trimEnd());
  else if (flags.json === true) {
    const document = rates === undefined ? toJson(health) : toJson({ ...health, rates });
    if (isOneOfMany) sayJsonLine(document);
    else sayJson(document);
  } else {
    if (isOneOfMany) say(color.dim(`${health.sampledAt.toISOString()}:`));
    const { stdout } = process;
    const columns = stdout.isTTY === true && stdout.columns > 0 ? stdout.columns : undefined;
    say(describeHealth(health, { rates, verbose: flags.verbose === true, columns }));
    if (isOneOfMany) say(text``);
  }
}
