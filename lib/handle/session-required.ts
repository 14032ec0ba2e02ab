import { NextvalError } from "../errors.js";

export function sessionRequired(problem: string, sequence?: string): NextvalError {
  return new NextvalError("SESSION_REQUIRED", problem, { sequence });
}

export function ended(): NextvalError {
  return sessionRequired("this session or transaction has ended, and its handle with it");
}

export function cursorOpen(): NextvalError {
  return sessionRequired("a cursor is open on this session or transaction; leave its loop first");
}
