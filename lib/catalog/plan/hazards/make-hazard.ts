import type { StateColumn } from "../../inspect/state.js";
import type { Hazard } from "../change.js";
import type { HazardCode } from "./hazard-codes.js";

/** Makes hazards of a sequence: a list of one if the hazard holds, and else an empty list. */
export function hazardsFor(sequence: string) {
  return (code: HazardCode, holds: boolean, problem: string, blocked = false): Hazard[] =>
    holds ? [{ code, message: `${sequence}: ${problem}`, blocked }] : [];
}

/** Lists columns as messages name them: `public.orders.id, public.items.id`. */
export function columnsOf(columns: readonly StateColumn[]): string {
  return columns.map(({ schema, table, column }) => `${schema}.${table}.${column}`).join(", ");
}
