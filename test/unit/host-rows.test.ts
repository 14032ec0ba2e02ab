import { expect, test } from "vitest";
import { answerOf } from "../../lib/drivers/host/read-rows.js";

const request = { kind: "texts" } as Parameters<typeof answerOf>[1];

test.each([
  ["(1)", ["1"]],
  ["()", [null]],
  ["(,x)", [null, "x"]],
  ["(,)", [null, null]],
  ["(x,,)", ["x", null, null]],
  ['("",", "," "" \\\\ ")', ["", ", ", ' " \\ ']],
])("the text of a row, %s", (value, texts) => {
  expect([...answerOf([{ value }], request).rows]).toEqual([texts]);
});
