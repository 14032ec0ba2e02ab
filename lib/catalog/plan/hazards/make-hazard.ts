import type { Advice } from "../../../internal.js";
import { columnOf, naming } from "../../../server/names.js";
import type { StateColumn } from "../../inspect/state.js";
import type { Hazard } from "../change.js";
import type { HazardCode } from "./hazard-codes.js";

/** What happens, in a sentence, or a function that writes it with the names of several things. */
type Problem = string | About;

interface About {
  readonly names: readonly string[];
  readonly noun: string;
  readonly say: (these: string, areMany: boolean) => string;
}

/** Makes hazards of a sequence: a list of one if the hazard holds, and else an empty list. */
export function hazardsFor(sequence: string) {
  return (
    code: HazardCode,
    holds: boolean,
    problem: Problem,
    { hint, fix, blocked = false }: Advice & { readonly blocked?: boolean } = {},
  ): Hazard[] => {
    if (!holds) return [];
    const { names, noun, say } = typeof problem === "string" ? { names: [], noun: "", say: () => problem } : problem;
    return [
      {
        code,
        message: naming(sequence, names, noun, say),
        ...(hint === undefined ? {} : { hint }),
        ...(fix === undefined ? {} : { fix }),
        blocked,
      },
    ];
  };
}

/** A problem of columns. Its message names as many of them as fit. */
export function aboutColumns(columns: readonly StateColumn[], say: About["say"]): About {
  return { names: columns.map(columnOf), noun: "columns", say };
}
