import type { SequenceLike } from "../../index.js";
import { drizzleKindOf, isSequence } from "../../internal.js";

/** Receives an exported value and its place in words: `orderSeq`, `all[2]`, `the default export`. */
export type Visit<Value> = (value: Value, place: string) => void;

/** Receives the sequences, the schemas and the other exports of a file. */
export interface Visitor {
  readonly sequence: Visit<SequenceLike>;
  readonly schema: Visit<{ readonly schemaName: string }>;
  readonly other: Visit<unknown>;
}

/**
 * Visits the exports of a file. Sequences and schemas also count inside an exported object or array. A CommonJS file
 * has its exports in the default export as well as beside it.
 */
export function visitExports(exported: Readonly<Record<string, unknown>>, visitor: Visitor): void {
  const seen = new Set<unknown>();
  for (const [name, value] of entriesOf(exported)) {
    if (name === "default") visitDefault(value, visitor, seen);
    else visit(value, name, visitor, seen);
  }
}

function visitDefault(value: unknown, visitor: Visitor, seen: Set<unknown>): void {
  if (!isEsModule(value)) return visit(value, "the default export", visitor, seen);
  // A CommonJS file that was compiled from an ES module.
  for (const [name, each] of entriesOf(value)) {
    visit(each, name === "default" ? "the default export" : name, visitor, seen);
  }
}

/** Visits a value and its parts. Exported objects may contain each other or themselves. */
function visit(value: unknown, place: string, visitor: Visitor, seen: Set<unknown>): void {
  if (typeof value === "object" && value !== null) {
    if (seen.has(value)) return;
    seen.add(value);
  }
  if (isSequence(value)) return visitor.sequence(value, place);
  if (isSchema(value)) return visitor.schema(value, place);
  const parts = isContainer(value) ? entriesOf(value as object) : [];
  if (parts.length === 0 || seen.size > MAX_OBJECTS) return visitor.other(value, place);
  for (const [key, part] of parts) visit(part, partOf(place, key, Array.isArray(value)), visitor, seen);
}

/** A file with more objects than this exports data, not declarations. */
const MAX_OBJECTS = 10_000;

function partOf(place: string, key: string, isList: boolean): string {
  if (place === "the default export") return isList ? `element ${key} of ${place}` : `${key} of ${place}`;
  return isList ? `${place}[${key}]` : `${place}.${key}`;
}

/** Whether a value is a plain object or an array, not an instance of a class. */
function isContainer(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

function isEsModule(value: unknown): value is object {
  return isContainer(value) && (value as { readonly __esModule?: unknown }).__esModule === true;
}

/** Returns the parts of an object. CommonJS may export a part through a getter, which may throw. */
function entriesOf(container: object): [key: string, value: unknown][] {
  return Object.keys(container).flatMap((key): [string, unknown][] => {
    if (key === "__esModule") return [];
    try {
      return [[key, (container as Record<string, unknown>)[key]]];
    } catch {
      return [[key, undefined]];
    }
  });
}

function isSchema(value: unknown): value is { readonly schemaName: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "schemaName" in value &&
    typeof value.schemaName === "string" &&
    "sequence" in value &&
    typeof value.sequence === "function"
  );
}

/** Describes the kind of a value in a sentence: `a number`, `a function`, `a PgTable`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value === "function") return value.toString().startsWith("class") ? "a class" : "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  if (Array.isArray(value)) return "an array";
  if (isContainer(value)) return "an object";
  const { constructor } = value as { constructor?: unknown };
  const name = drizzleKindOf(constructor) ?? (typeof constructor === "function" ? constructor.name : "");
  if (name === "") return "an object";
  return /^[aeio]/i.test(name) ? `an ${name}` : `a ${name}`;
}
