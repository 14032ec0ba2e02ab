import { startOf } from "./transaction-control.js";

const COPY = /copy\b/iy;
const BY_CLIENT = /\bstd(?:in|out)\b/i;

/** Whether a statement sends rows to the client, or takes rows from it, by the COPY protocol. */
export function copiesByClient(text: string): boolean {
  COPY.lastIndex = startOf(text);
  return COPY.test(text) && BY_CLIENT.test(text);
}
