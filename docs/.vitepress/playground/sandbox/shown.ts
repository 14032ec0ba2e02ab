import inspect from "object-inspect";
import type { ShownError } from "./messages";

/** The values of one `console.log`, as Node.js would print them. */
export function shownValues(values: readonly unknown[]): string {
  return values.map((value) => shown(value)).join(" ");
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (!(value instanceof Error)) return inspect(value, { depth: 6, quoteStyle: "double", maxStringLength: 10_000 });
  const { message, code, hint, fix } = shownError(value);
  const lines = [
    `${code ?? value.name}: ${message}`,
    ...(hint === undefined ? [] : [`  hint: ${hint}`]),
    ...(fix === undefined ? [] : [`  fix: ${fix}`]),
  ];
  return lines.join("\n");
}

export function shownError(error: unknown): ShownError {
  if (!(error instanceof Error)) return { message: `The program threw ${inspect(error)}` };
  const { code, detail, hint, fix } = error as Partial<Record<keyof ShownError, unknown>>;
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    message: code === undefined && error.name !== "Error" ? `${error.name}: ${error.message}` : error.message,
    code: text(code),
    detail: text(detail),
    hint: text(hint),
    fix: text(fix),
  };
}
