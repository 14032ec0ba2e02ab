import { NextvalError } from "../../../index.js";

export function throwGenerateError(problem: string, hint?: string): never {
  throw new NextvalError("INVALID_ARGUMENT", problem, hint === undefined ? {} : { hint });
}
