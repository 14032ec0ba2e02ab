import { BoundedMap } from "../../sql/bounded-map.js";

/** The kind of a statement, by its first words after white space, comments and semicolons. */
export interface Kind {
  /** Whether it sends rows to the client, or takes rows from it, by the COPY protocol. */
  readonly copies: boolean;
  /** The words by which it begins or ends a transaction; undefined for any other statement. */
  readonly control: string | undefined;
  /** Whether the role of later statements may be another one after it. */
  readonly changesRole: boolean;
  /** Whether it holds a NUL character, which ends a text in the protocol. */
  readonly hasNul: boolean;
}

/** Only START TRANSACTION begins with START, and PREPARE may also prepare a statement. */
const CONTROL = new Set(["begin", "start", "commit", "end", "abort", "rollback", "prepare"]);

const WORD = /\w+/y;

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
  const start = startOf(text, 0);
  COPY.lastIndex = start;
  return {
    copies: COPY.test(text) && BY_CLIENT.test(text),
    control: controlAt(text, start),
    changesRole: CHANGES_ROLE.test(text.slice(start, start + MAX_ROLE_CHARACTERS)),
    hasNul: text.includes("\0"),
  };
}

/** ROLLBACK TO is not included, because it only ends a savepoint. There may be comments between the words. */
function controlAt(text: string, start: number): string | undefined {
  let at = start;
  const next = (): string => {
    WORD.lastIndex = at = startOf(text, at);
    const word = WORD.exec(text)?.[0] ?? "";
    at += word.length;
    return word.toLowerCase();
  };
  const first = next();
  if (!CONTROL.has(first)) return undefined;
  const second = next();
  if (first === "prepare") return second === "transaction" ? "prepare transaction" : undefined;
  const last = second === "work" || second === "transaction" ? next() : second;
  if (last === "to") return undefined;
  return first === "start" ? "start transaction" : first;
}

/** Returns the position of the next word. Block comments can be nested. */
function startOf(text: string, start: number): number {
  let at = start;
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
