import { setTimeout } from "node:timers/promises";
import {
  type Health,
  type HealthLevel,
  rate,
  type SequenceHealth,
  type SequenceRate,
  status as healthOf,
  type StatusOptions,
  toJson,
  toPrometheus,
} from "../operate/index.js";
import { withDatabase } from "./connect.js";
import { color, printable, say, sayJson } from "./output.js";
import { patiently } from "./patiently.js";
import { bar, progressBar } from "./progress.js";
import { type Flags, settingsOf } from "./settings.js";
import { table } from "./table.js";

const BAR = 20;

/** `nextval status`: how the sequences are, worst first; fails past a threshold. */
export async function status(flags: Flags): Promise<number> {
  const settings = await settingsOf(flags);
  const options: StatusOptions = {
    schemas: settings.schemas,
    warnAt: flags.warnAt,
    criticalAt: flags.criticalAt,
    columns: flags.allColumns === true ? "all" : undefined,
  };
  return withDatabase(settings, async (db) => {
    let before = await look();
    let rates: SequenceRate[] | undefined;
    if (flags.watch === undefined) print(before, rates, flags);
    else {
      for (;;) {
        await setTimeout(flags.watch * 1000);
        const after = await look();
        rates = rate(before, after);
        print(after, rates, flags);
        if (flags.once === true) return exitCode(after, flags);
        before = after;
      }
    }
    return exitCode(before, flags);

    async function look(): Promise<Health> {
      const progress = progressBar("comparing columns");
      try {
        return await healthOf(patiently(db, settings), { ...options, onProgress: progress.show });
      } finally {
        progress.clear();
      }
    }
  });
}

function exitCode({ level }: Health, { failAt = "critical" }: Flags): number {
  return level === "critical" || (level === "warning" && failAt === "warning") ? 1 : 0;
}

function print(health: Health, rates: readonly SequenceRate[] | undefined, flags: Flags): void {
  if (flags.prometheus === true) say(toPrometheus(health).trimEnd());
  else if (flags.json === true) sayJson(rates === undefined ? toJson(health) : toJson({ ...health, rates }));
  else say(describe(health, rates));
}

const SIGNS: Readonly<Record<HealthLevel, string>> = { ok: "ok", warning: "warning", critical: "CRITICAL" };

function describe({ sequences, level }: Health, rates: readonly SequenceRate[] | undefined): string {
  if (sequences.length === 0) return "There are no sequences.";
  const daysLeft = new Map(rates?.map((each) => [`${each.schema}.${each.seqName}`, each.daysLeft]));
  const rows = sequences.map((sequence) => rowOf(sequence, rates && daysLeft));
  const lines = table(rows, [3, 4]).split("\n");
  const blocks = sequences.map((sequence, index) => {
    const worth = sequence.problems.filter((problem) => problem.level !== "ok");
    const paint = paintOf(sequence.level);
    return [paint(printable(lines[index] ?? "")), ...worth.map(({ message }) => `    ${printable(message)}`)].join(
      "\n",
    );
  });
  return [...blocks, "", summary(sequences, level)].join("\n");
}

function rowOf(sequence: SequenceHealth, daysLeft: ReadonlyMap<string, number | null> | undefined): string[] {
  const { used, left, cycles } = sequence;
  const name = `${sequence.schema}.${sequence.seqName}`;
  const days = daysLeft?.get(name);
  return [
    SIGNS[sequence.level],
    used === null ? "?".repeat(BAR) : bar(used, BAR),
    name,
    used === null ? "" : `${(used * 100).toFixed(1)} %`,
    left === null ? "" : `${left.toLocaleString("en-US")} left`,
    ...(daysLeft === undefined ? [] : [days === undefined || days === null ? "" : `${days.toFixed(1)} days`]),
    cycles ? "cycles" : "",
  ];
}

function paintOf(level: HealthLevel): (text: string) => string {
  return level === "critical" ? color.red : level === "warning" ? color.yellow : (text) => text;
}

function summary(sequences: readonly SequenceHealth[], worst: HealthLevel): string {
  const countOf = (level: HealthLevel) => sequences.filter((each) => each.level === level).length;
  const text = `${sequences.length} sequences: ${countOf("critical")} critical, ${countOf("warning")} warning, ${countOf("ok")} ok`;
  return paintOf(worst)(text);
}
