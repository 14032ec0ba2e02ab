import { BoundedMap } from "../../sql/bounded-map.js";

/** The kind of a statement, by its first words after white space, comments and semicolons. */
export interface Kind {
  /** Whether it sends rows to the client, or takes rows from it, by the COPY protocol. */
  readonly copies: boolean;
  /** The words by which it begins or ends a transaction; undefined for any other statement. */
  readonly control: string | undefined;
  /** Whether the role of later statements may be another one after it. */
  readonly changesRole: boolean;
}

/** ROLLBACK TO is not included, because it only ends a savepoint. Only START TRANSACTION begins with START. */
const CONTROL =
  /(begin|start|commit|end|abort|rollback|prepare\s+transaction)\b(?!\s+(?:(?:work|transaction)\s+)?to\b)/iy;

const COPY = /copy\b/iy;
const BY_CLIENT = /\bstd(?:in|out)\b/i;

/** A statement that changes the role is short. `set_config` may have the name of the setting as a value. */
const MAX_ROLE_CHARACTERS = 200;
const CHANGES_ROLE = /^set\b.*\b(?:role|authorization)\b|\bset_config\b/is;

/** Most statements run again, so their kinds are remembered. */
const kinds = /* @__PURE__ */ new BoundedMap<string, Kind>(256);

/** The length of the longest text that is remembered. */
const MAX_REMEMBERED_CHARACTERS = 10_000;

export function kindOf(text: string): Kind {
  return text.length > MAX_REMEMBERED_CHARACTERS ? readKind(text) : kinds.getOrMake(text, readKind);
}

function readKind(text: string): Kind {
  const start = startOf(text);
  COPY.lastIndex = start;
  CONTROL.lastIndex = start;
  const word = CONTROL.exec(text)?.[1]?.toLowerCase();
  return {
    copies: COPY.test(text) && BY_CLIENT.test(text),
    control: word === "start" ? "start transaction" : word,
    changesRole: CHANGES_ROLE.test(text.slice(start, start + MAX_ROLE_CHARACTERS)),
  };
}

/** Returns the position of the first word of a statement. Block comments can be nested. */
function startOf(text: string): number {
  let at = 0;
  let depth = 0;
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    if (two === "/*") {
      depth++;
      at += 2;
    } else if (depth > 0) {
      if (two === "*/") depth--;
      at += two === "*/" ? 2 : 1;
    } else if (two === "--") {
      const end = /[\n\r]/g;
      end.lastIndex = at;
      at = end.exec(text)?.index ?? text.length;
    } else if (/[\s;]/.test(text.charAt(at))) at++;
    else break;
  }
  return at;
}
