import { BoundedMap } from "../sql/bounded-map.js";
import { copiesByClient } from "./copy.js";
import { transactionControl } from "./transaction-control.js";

/** What the first words of a statement say, remembered because most statements come again. */
const kinds = /* @__PURE__ */ new BoundedMap<string, Kind>(256);

/** Longer texts are not remembered. */
const MAX_REMEMBERED_CHARACTERS = 10_000;

interface Kind {
  readonly copies: boolean;
  readonly control: string | undefined;
}

export function kindOf(text: string): Kind {
  return text.length > MAX_REMEMBERED_CHARACTERS ? readKind(text) : kinds.getOrMake(text, readKind);
}

function readKind(text: string): Kind {
  return { copies: copiesByClient(text), control: transactionControl(text) };
}
