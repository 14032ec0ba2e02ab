/**
 * What crosses between the page and the worker of a program. The program may send anything, so the page reads each
 * message by its shape, and shows texts as text.
 */

export interface StatementRequest {
  readonly kind: "statement";
  readonly id: number;
  readonly text: string;
  readonly values: readonly (string | null)[];
  /** The types of the values; 0 for those that the server infers. */
  readonly types: readonly number[];
  /** Whether it may be several statements, without values. */
  readonly isScript: boolean;
}

export type FromProgram =
  | StatementRequest
  | { readonly kind: "printed"; readonly text: string }
  | { readonly kind: "failed"; readonly error: ShownError }
  | { readonly kind: "done" };

/** An error in the words of the server or of the library. */
export interface ShownError {
  readonly message: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly fix?: string | undefined;
}

export interface StatementResult {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: (string | null)[][];
  readonly command: string;
  readonly count: number | null;
}

/** The fields of an error of the server. */
export type ServerError = ShownError & Readonly<Record<string, string>>;

/** How a statement ended. */
export type Outcome =
  | { readonly result: StatementResult; readonly error?: undefined }
  | { readonly result?: undefined; readonly error: ServerError };

export interface ToProgram {
  readonly id: number;
  readonly outcome: Outcome;
}

/** What a worker is told when it starts. */
export interface Start {
  /** The object ids of each type and of its array. */
  readonly arrayTypes: readonly (readonly [type: number, array: number])[];
}

const MAX_TEXT = 1_000_000;
const MAX_VALUES = 65_535;

/** Returns the message if it has the shape of one. */
export function readMessage(data: unknown): FromProgram | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { kind, id, text, values, types, isScript, error } = data as Record<string, unknown>;
  if (kind === "done") return { kind };
  if (kind === "printed") return isText(text) ? { kind, text } : undefined;
  if (kind === "failed") {
    const shown = readError(error);
    return shown && { kind, error: shown };
  }
  const isStatement =
    kind === "statement" &&
    Number.isSafeInteger(id) &&
    isText(text) &&
    isListOf(values, (value): value is string | null => value === null || isText(value)) &&
    isListOf(types, (type): type is number => Number.isInteger(type)) &&
    typeof isScript === "boolean";
  return isStatement ? { kind, id: id as number, text, values, types, isScript } : undefined;
}

function readError(error: unknown): ShownError | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { message, code, detail, hint, fix } = error as Record<string, unknown>;
  const optional = (value: unknown) => (isText(value) ? value : undefined);
  if (!isText(message)) return undefined;
  return { message, code: optional(code), detail: optional(detail), hint: optional(hint), fix: optional(fix) };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.length <= MAX_VALUES && value.every(isItem);
}
