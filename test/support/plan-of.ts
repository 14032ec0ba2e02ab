import type { Change, Plan } from "nextval/catalog";

/** A plan of these changes, as `planChanges` makes it. */
export function planOf(...changes: (Pick<Change, "sql"> & Partial<Change>)[]): Plan {
  return {
    changes: changes.map((change) => ({
      kind: "alter",
      subject: "order_seq",
      inverse: null,
      hazards: [],
      ...change,
    })),
    pending: [],
    questions: [],
    found: [],
    declared: [],
    resolved: [],
    options: {},
    inspected: null,
  };
}
