import { resolve } from "node:path";
import { type Health, type SequenceRate, toJson, toPrometheus } from "../../operate/index.js";
import { selected } from "../../operate/monitor/selected.js";
import type { Flags, Settings } from "../config/settings.js";
import { statusPage } from "../page/status-page.js";
import { annotationsOfHealth } from "../report/annotate-health.js";
import { describeHealth, healthSummary } from "../report/describe-health.js";
import type { SourceLine } from "../terminal/annotation.js";
import { color } from "../terminal/color.js";
import { print, printAnnotation, printJson, printJsonLine, printMetrics, redraw } from "../terminal/print.js";
import { lines } from "../terminal/shown-text.js";
import { writeFiles } from "./write-files.js";

/** Prints the health, or writes it into the files of the flags. */
export function deliver(
  health: Health,
  rates: readonly SequenceRate[] | undefined,
  flags: Flags,
  lineOf: (schema: string, name: string) => SourceLine | undefined,
): void {
  const { html, out, only, top, verbose = false } = flags;
  if (html !== undefined) {
    writeOut(html, statusPage({ health, shown: selected(health.sequences, flags), rates }));
  }
  if (flags.prometheus === true) {
    const metrics = toPrometheus(health, { only, top, rates });
    if (out === undefined) printMetrics(metrics.trimEnd());
    else writeOut(out, metrics);
  } else if (flags.format === "github") {
    for (const each of annotationsOfHealth(health, lineOf, { verbose })) printAnnotation(each);
    print(healthSummary(health));
  } else if (html === undefined || flags.json === true) printHealth(health, rates, flags);
}

function writeOut(path: string, content: string): void {
  writeFiles([{ path: resolve(path), content }], { overwrite: true });
}

function printHealth(health: Health, rates: readonly SequenceRate[] | undefined, flags: Flags): void {
  const isOneOfMany = flags.watch !== undefined && flags.once !== true;
  if (flags.json === true) {
    const document = rates === undefined ? toJson(health) : toJson({ ...health, rates });
    if (isOneOfMany) printJsonLine(document);
    else printJson(document);
    return;
  }
  const { stdout } = process;
  const isTerminal = stdout.isTTY === true && stdout.columns > 0;
  const columns = isTerminal ? stdout.columns : undefined;
  const common = { rates, hasDays: flags.watch !== undefined, verbose: flags.verbose === true, columns };
  const time = color.dim(`${health.sampledAt.toISOString()}:`);
  if (!isOneOfMany) print(describeHealth(health, common));
  else if (isTerminal) redraw(lines([time, describeHealth(health, { ...common, lines: stdout.rows - 2 })]));
  else print(lines([time, describeHealth(health, common), ""]));
}

/** Says in the file of `--out` that nothing could be read. Otherwise the metrics of an earlier time would stay. */
export function withdraw({ out }: Flags): void {
  if (out !== undefined) writeOut(out, toPrometheus(null));
}

/** Finds the declarations of sequences of the database. Without a schema, the search path decides, so any may match. */
export async function lineFinderOfStatus(
  settings: Pick<Settings, "file" | "hasDeclarations" | "declarations">,
): Promise<(schema: string, name: string) => SourceLine | undefined> {
  const otherwise = settings.file === undefined ? undefined : { file: settings.file, line: 1 };
  if (!settings.hasDeclarations) return () => otherwise;
  const { lineOf } = await settings.declarations();
  return (schema, seqName) => lineOf({ schema, seqName }) ?? lineOf({ schema: undefined, seqName }) ?? otherwise;
}
