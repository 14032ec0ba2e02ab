import { NextvalError } from "../index.js";
import type { SequenceName } from "./names.js";

/** Patterns of sequence names, which remember whether they have matched. */
export interface NamePatterns {
  /** Whether a pattern matches a sequence. */
  has(sequence: SequenceName): boolean;
  /** Returns the patterns that have matched nothing so far. */
  unmatched(): string[];
}

/**
 * Reads the option `exclude`: names of sequences, also in SQL's double quotes, in which `*` stands for any characters.
 * A name is compared as a whole, with the schema and without it.
 *
 * @param what - the function that takes the option
 */
export function excluded(what: string, patterns: readonly string[] | undefined): NamePatterns {
  if (patterns !== undefined && !(Array.isArray(patterns) && patterns.every(isPattern))) {
    const given = JSON.stringify(patterns);
    throw new NextvalError("INVALID_ARGUMENT", `${what} takes exclude as a list of names, not ${given}`, {
      hint: 'Write exclude: ["legacy_*", "audit.*"].',
    });
  }
  const matchers = (patterns ?? []).map((pattern) => [pattern, matcherOf(pattern)] as const);
  const used = new Set<string>();
  return {
    has(sequence) {
      if (matchers.length === 0) return false;
      const forms = formsOf(sequence);
      const matching = matchers.filter(([, matches]) => forms.some(matches));
      for (const [pattern] of matching) used.add(pattern);
      return matching.length > 0;
    },
    unmatched: () => matchers.flatMap(([pattern]) => (used.has(pattern) ? [] : [pattern])),
  };
}

/** Makes a function that compares sequences with one such pattern. */
export function sequenceMatcher(pattern: string): (sequence: SequenceName) => boolean {
  const matches = matcherOf(pattern);
  return (sequence) => formsOf(sequence).some(matches);
}

/** The ways to write the name of a sequence: with its schema or without it, and with quotes or without them. */
function formsOf(sequence: SequenceName): string[] {
  const [schema = "", name = ""] = [sequence.schema, sequence.name].map((part) => `"${part.replaceAll('"', '""')}"`);
  return [
    `${sequence.schema}.${sequence.name}`,
    sequence.name,
    `${schema}.${name}`,
    name,
    `${sequence.schema}.${name}`,
  ];
}

/** Makes a function that tells patterns which may match in these schemas: those that do not name another schema. */
export function mayMatchIn(schemas: readonly string[] | undefined): (pattern: string) => boolean {
  return (pattern) => {
    const [, quoted, plain] = /^(?:"((?:[^"]|"")*)"|([^".]*))\./.exec(pattern) ?? [];
    const schema = quoted?.replaceAll('""', '"') ?? plain;
    return schemas === undefined || schema === undefined || schemas.some(matcherOf(schema));
  };
}

export function isPattern(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Makes a function that compares a whole text with a pattern, in which `*` stands for any characters. */
export function matcherOf(pattern: string): (text: string) => boolean {
  const [start = "", ...parts] = pattern.split("*");
  const end = parts.pop();
  if (end === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(start) || !text.endsWith(end)) return false;
    let from = start.length;
    for (const part of parts) {
      const at = text.indexOf(part, from);
      if (at < 0) return false;
      from = at + part.length;
    }
    return from + end.length <= text.length;
  };
}
