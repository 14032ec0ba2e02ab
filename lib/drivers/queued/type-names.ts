/** The names of the types that values declare. */
export const TYPE_NAMES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map([
  [16, "bool"],
  [17, "bytea"],
  [20, "int8"],
  [1184, "timestamptz"],
  [1185, "_timestamptz"],
  [1700, "numeric"],
  [3802, "jsonb"],
]);
