import { type Health, type SequenceHealth, severityOf } from "./health.js";

interface Metric {
  readonly name: string;
  readonly help: string;
  /** Undefined if the value is unknown for a sequence, which then has no line. */
  readonly value: (health: SequenceHealth) => string | undefined;
}

const METRICS: readonly Metric[] = [
  {
    name: "nextval_sequence_level",
    help: "Health of the sequence: 0 ok, 1 warning, 2 critical.",
    value: ({ level }) => `${severityOf(level)}`,
  },
  {
    name: "nextval_sequence_used_ratio",
    help: "Share of the range that is used, from 0 to 1.",
    value: ({ used }) => (used === null ? undefined : `${used}`),
  },
  {
    name: "nextval_sequence_values_left",
    help: "Values left before the sequence, or a column that it feeds, ends.",
    value: ({ left }) => (left === null ? undefined : `${left}`),
  },
  {
    name: "nextval_sequence_last_value",
    help: "Last value of the sequence.",
    value: ({ lastValue }) => (lastValue === null ? undefined : `${lastValue}`),
  },
  {
    name: "nextval_sequence_behind",
    help: "1 where a column that it feeds already has values that it is still to give, else 0.",
    value: ({ columns, problems, accepted }) =>
      columns.some(({ notCompared }) => notCompared === null)
        ? `${Number([...problems, ...accepted].some(({ code }) => code === "BEHIND_COLUMN"))}`
        : undefined,
  },
  {
    name: "nextval_sequence_compared",
    help:
      "1 where every column that it feeds was compared with it, else 0: " +
      "then it may be behind unseen, and NOT_COMPARED among the problems has the level.",
    value: ({ columns }) =>
      columns.length === 0 ? undefined : `${Number(columns.every(({ notCompared }) => notCompared === null))}`,
  },
];

/**
 * Writes the health of sequences as metrics for Prometheus, in its text format 0.0.4.
 *
 * ```ts
 * response.setHeader("content-type", "text/plain; version=0.0.4");
 * response.end(toPrometheus(await sequenceStatus(db)));
 * // nextval_sequence_used_ratio{schema="public",sequence="orders_id_seq"} 0.42
 * ```
 *
 * Each problem is a line of `nextval_sequence_problem`. Its code and level are labels, and its value is the number of
 * columns, at least 1. Accepted problems have none. Source: "Exposition formats" in the documentation of Prometheus.
 */
export function toPrometheus({ sequences, sampledAt }: Health): string {
  const lines = METRICS.flatMap(({ name, help, value }) => [
    ...header(name, help),
    ...sequences.flatMap((sequence) => {
      const text = value(sequence);
      return text === undefined ? [] : [`${name}{${labelsOf(sequence)}} ${text}`];
    }),
  ]);
  lines.push(...header("nextval_sequence_problem", "Problems of the sequence, by code."));
  for (const sequence of sequences) {
    const counts = new Map<string, number>();
    for (const { code, level, columns } of sequence.problems) {
      const labels = `${labelsOf(sequence)},code="${code}",level="${level}"`;
      counts.set(labels, (counts.get(labels) ?? 0) + Math.max(columns.length, 1));
    }
    for (const [labels, count] of counts) lines.push(`nextval_sequence_problem{${labels}} ${count}`);
  }
  lines.push(...header("nextval_status_timestamp_seconds", "When this was read, by the clock of the server."));
  lines.push(`nextval_status_timestamp_seconds ${sampledAt.getTime() / 1000}`);
  return `${lines.join("\n")}\n`;
}

function header(name: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`];
}

function labelsOf({ sequence: { schema, name } }: SequenceHealth): string {
  return `schema="${escaped(schema)}",sequence="${escaped(name)}"`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
