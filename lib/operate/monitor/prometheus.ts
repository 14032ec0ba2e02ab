import { NextvalError } from "../../index.js";
import { optionsOf, shown } from "../../internal.js";
import { sequenceKeyOf } from "../../server/names.js";
import { type ColumnHealth, type Health, LEVELS, type SequenceHealth, severityOf } from "../status/health.js";
import type { SequenceRate } from "../status/usage-rate.js";
import { selected } from "./selected.js";

/** Options of {@link toPrometheus}. */
export interface PrometheusOptions {
  /**
   * `"problems"`: only sequences that are not ok have metrics of their own. The totals count all of them. Default:
   * all sequences.
   */
  readonly only?: "problems" | undefined;
  /** How many sequences have metrics of their own, worst first. The totals count all of them. Default: all. */
  readonly top?: number | undefined;
  /** What `usageRates` made of this sample and an earlier one. Default: no rates. */
  readonly rates?: readonly SequenceRate[] | undefined;
  /** How long `sequenceStatus` took, in seconds. Default: no such metric. */
  readonly durationSeconds?: number | undefined;
}

/** A sequence and its rate, if that is known. */
interface Sample extends SequenceHealth {
  readonly rate: SequenceRate | undefined;
}

interface Metric<Subject> {
  readonly name: string;
  readonly help: string;
  /** Undefined if the value is unknown, so there is no line. */
  readonly value: (subject: Subject) => string | undefined;
}

const OF_SEQUENCE: readonly Metric<Sample>[] = [
  {
    name: "nextval_sequence_level",
    help: "Health of the sequence: 0 ok, 1 warning, 2 critical.",
    value: ({ level }) => `${severityOf(level)}`,
  },
  {
    name: "nextval_sequence_used_ratio",
    help: "Share of the range that is used, from 0 to 1.",
    value: ({ used }) => numberOf(used),
  },
  {
    name: "nextval_sequence_values_left",
    help: "Values left before the sequence, or a column that it feeds, ends.",
    value: ({ left }) => numberOf(left),
  },
  {
    name: "nextval_sequence_limit",
    help: "The last value that can be used: of the sequence, or of a column that it feeds if that comes first.",
    value: ({ end }) => `${end}`,
  },
  {
    name: "nextval_sequence_last_value",
    help: "Last value of the sequence. Prometheus rounds it above 2^53; use the ratio for alerts.",
    value: ({ lastValue }) => numberOf(lastValue),
  },
  {
    name: "nextval_sequence_values_per_second",
    help: "How fast values are drawn, since the sample before.",
    value: ({ rate }) => (rate === undefined || rate.perDay === null ? undefined : `${rate.perDay / 86_400}`),
  },
  {
    name: "nextval_sequence_burned_ratio",
    help: "Share of the values drawn since the sample before that no inserted row has, from 0 to 1.",
    value: ({ rate }) => (rate === undefined ? undefined : numberOf(rate.burned)),
  },
  {
    name: "nextval_sequence_behind",
    help: "1 if a column that it feeds has values that it is still to return, else 0.",
    value: (sequence) =>
      sequence.columns.some(({ notCompared }) => notCompared === null)
        ? `${Number([...sequence.problems, ...sequence.accepted].some(({ code }) => code === "BEHIND_COLUMN"))}`
        : undefined,
  },
  {
    name: "nextval_sequence_compared",
    help: "1 if every column that it feeds was compared with it, else 0: it may be behind unseen.",
    value: ({ columns }) =>
      columns.length === 0 ? undefined : `${Number(columns.every(({ notCompared }) => notCompared === null))}`,
  },
];

const OF_COLUMN: readonly Metric<ColumnHealth>[] = [
  {
    name: "nextval_column_compared",
    help: "1 if the column was compared with its sequence, else 0.",
    value: ({ notCompared }) => `${Number(notCompared === null)}`,
  },
  {
    name: "nextval_column_behind",
    help: "1 if the column has values that its sequence is still to return, else 0.",
    value: ({ notCompared, ahead }) => (notCompared === null ? `${Number(ahead !== null)}` : undefined),
  },
  {
    name: "nextval_column_extreme_value",
    help: "The greatest value in the column that its sequence can return, or the smallest if it descends.",
    value: ({ extreme }) => numberOf(extreme),
  },
];

/**
 * Writes the health of sequences as metrics for Prometheus, in its text format 0.0.4.
 *
 * ```ts
 * response.setHeader("content-type", "text/plain; version=0.0.4");
 * response.end(toPrometheus(await sequenceStatus(db)));
 * // nextval_sequence_used_ratio{datname="shop",schemaname="public",sequencename="orders_id_seq"} 0.42
 * ```
 *
 * Labels are those of other exporters: `datname`, `schemaname`, `sequencename`. Metrics of a column also have
 * `tableschema`, `tablename`, `columnname` and `type`. `nextval_sequences` counts the sequences by level. Each problem
 * is a line of `nextval_sequence_problem`. Its code and level are labels, and its value is the number of columns, at
 * least 1. Accepted problems have none.
 *
 * Null instead of a health says that the status could not be read: `nextval_up` is 0, and nothing else is known.
 *
 * ```ts
 * const health = await sequenceStatus(db).catch(() => null);
 * response.end(toPrometheus(health));
 * // nextval_up 0
 * ```
 *
 * Throws `INVALID_ARGUMENT`. Source: "Exposition formats" in the documentation of Prometheus.
 */
export function toPrometheus(health: Health | null, options?: PrometheusOptions): string {
  const { only, top, rates, durationSeconds } = optionsOf("toPrometheus", options, [
    "only",
    "top",
    "rates",
    "durationSeconds",
  ]);
  if (only !== undefined && only !== "problems") {
    throw new NextvalError("INVALID_ARGUMENT", `toPrometheus takes only as "problems", not ${shown(only)}`);
  }
  if (top !== undefined && !(Number.isSafeInteger(top) && top >= 0)) {
    throw new NextvalError("INVALID_ARGUMENT", `toPrometheus takes top as a number of sequences, not ${shown(top)}`);
  }
  if (durationSeconds !== undefined && !Number.isFinite(durationSeconds)) {
    const given = shown(durationSeconds);
    throw new NextvalError("INVALID_ARGUMENT", `toPrometheus takes durationSeconds as a number, not ${given}`);
  }
  const lines = [
    ...family("nextval_up", "1 if the status of the sequences could be read, else 0.", [["", `${Number(!!health)}`]]),
    ...(durationSeconds === undefined
      ? []
      : family("nextval_status_duration_seconds", "How long reading took.", [["", `${durationSeconds}`]])),
    ...(health === null ? [] : linesOf(health, { only, top, rates })),
  ];
  return `${lines.join("\n")}\n`;
}

function linesOf(
  { database, sequences, sampledAt }: Health,
  { rates = [], ...selection }: PrometheusOptions,
): string[] {
  const rateOf = new Map(rates.map((rate) => [sequenceKeyOf(rate.sequence), rate]));
  const shown = selected(sequences, selection).map((sequence): Sample => ({
    ...sequence,
    rate: rateOf.get(sequenceKeyOf(sequence.sequence)),
  }));
  const totals = LEVELS.map((level): Line => {
    const count = sequences.filter((each) => each.level === level).length;
    return [labels({ datname: database, level }), `${count}`];
  });
  const ofDatabase = labels({ datname: database });
  return [
    ...family("nextval_status_timestamp_seconds", "When this was read, by the clock of the server.", [
      [ofDatabase, `${sampledAt.getTime() / 1000}`],
    ]),
    ...family("nextval_sequences", "How many sequences have a level.", totals),
    ...OF_SEQUENCE.flatMap(({ name, help, value }) =>
      family(
        name,
        help,
        shown.map((sequence): Line => [labels(sequenceLabels(database, sequence)), value(sequence)]),
      ),
    ),
    ...OF_COLUMN.flatMap(({ name, help, value }) =>
      family(
        name,
        help,
        shown.flatMap((sequence) =>
          sequence.columns.map((column): Line => [labels(columnLabels(database, sequence, column)), value(column)]),
        ),
      ),
    ),
    ...family(
      "nextval_sequence_problem",
      "Problems of the sequence by code; the value is how many columns they concern, at least 1.",
      shown.flatMap((sequence) => problemLines(database, sequence)),
    ),
  ];
}

/** Labels with braces, and a value. Without a value there is no line. */
type Line = readonly [labels: string, value: string | undefined];

/** A metric without any line is left out. */
function family(name: string, help: string, lines: readonly Line[]): string[] {
  const known = lines.flatMap(([labels, value]) => (value === undefined ? [] : [`${name}${labels} ${value}`]));
  return known.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...known];
}

function problemLines(database: string, sequence: SequenceHealth): Line[] {
  const counts = new Map<string, number>();
  for (const { code, level, columns } of sequence.problems) {
    const key = labels({ ...sequenceLabels(database, sequence), code, level });
    counts.set(key, (counts.get(key) ?? 0) + Math.max(columns.length, 1));
  }
  return [...counts].map(([key, count]) => [key, `${count}`]);
}

function sequenceLabels(datname: string, { sequence: { schema, name } }: SequenceHealth): Record<string, string> {
  return { datname, schemaname: schema, sequencename: name };
}

function columnLabels(datname: string, sequence: SequenceHealth, fed: ColumnHealth): Record<string, string> {
  const { schema, table, column, type } = fed;
  const ofColumn = { tableschema: schema, tablename: table, columnname: column, type };
  return { ...sequenceLabels(datname, sequence), ...ofColumn };
}

function labels(values: Readonly<Record<string, string>>): string {
  return `{${Object.entries(values)
    .map(([label, value]) => `${label}="${escaped(value)}"`)
    .join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberOf(value: number | bigint | null): string | undefined {
  return value === null ? undefined : `${value}`;
}
