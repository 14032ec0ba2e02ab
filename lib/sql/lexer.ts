/** The lexical context of a position in SQL text. `end` is the tag that closes a dollar-quoted body. */
export type Context =
  | { readonly in: "code" | "string" | "string with escapes" | "quoted identifier" | "line comment" }
  | { readonly in: "block comment"; readonly depth: number }
  | { readonly in: "dollar-quoted body"; readonly end: string };

export const CODE: Context = { in: "code" };

// A dollar tag, E or placeholder opens something only if it does not continue an identifier: a$b$c is one name.
const OPENING = /"|'|--|\/\*|(?<![\w$\x80-\uffff])(?:[eE]'|\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$|\$<)/g;

const CLOSING = {
  string: /'/g,
  "string with escapes": /\\[^]|''|'/g,
  "quoted identifier": /"/g,
  "line comment": /[\n\r]/g,
  "block comment": /\/\*|\*\//g,
};

/** After white space and comments that contain a line break, another quote continues the string. */
const CONTINUATION = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\f\v\n\r]|--[^\n\r]*[\n\r])*'/y;

/**
 * Scans SQL like PostgreSQL's lexer, but only to tell code from quoted text and comments. Returns the context at the
 * end of the text. Calls `onPlaceholder` at each `$<` in code, and continues at the position that it returns. Calls
 * `onCode` for each part that is code.
 *
 * Source: PostgreSQL documentation, "Lexical Structure". Assumes that `standard_conforming_strings` is on.
 */
export function lex(
  text: string,
  start: Context,
  onPlaceholder: (position: number) => number,
  onCode?: (from: number, to: number) => void,
): Context {
  let context = start;
  let position = 0;
  while (position < text.length) {
    if (context.in === "dollar-quoted body") {
      const end = text.indexOf(context.end, position);
      if (end < 0) return context;
      position = end + context.end.length;
      context = CODE;
      continue;
    }
    const pattern = context.in === "code" ? OPENING : CLOSING[context.in];
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (context.in === "code") onCode?.(position, match?.index ?? text.length);
    if (match === null) return context;
    const [token] = match;
    position = pattern.lastIndex;
    if (token === "$<") position = onPlaceholder(position - 2);
    else if (context.in === "string with escapes" && token === "'") {
      CONTINUATION.lastIndex = position;
      if (CONTINUATION.test(text)) position = CONTINUATION.lastIndex;
      else context = CODE;
    } else context = follow(context, token);
  }
  return context;
}

/** Returns the parts of a text that are code, with a space between them, and the context at its end. */
export function codeOf(text: string): readonly [code: string, context: Context] {
  let code = "";
  const context = lex(
    text,
    CODE,
    (position) => position + 2,
    (from, to) => {
      code += `${text.slice(from, to)} `;
    },
  );
  return [code, context];
}

/**
 * Returns why a text cannot stand in parentheses, or undefined. Otherwise its own parentheses or quotes would end those
 * around it, as `a) or (b` does.
 */
export function enclosingProblem(text: string): string | undefined {
  const [code, context] = codeOf(text);
  if (context.in !== "code" && context.in !== "line comment") return `ends inside a ${context.in}`;
  let depth = 0;
  for (const character of code) {
    if (character === "(") depth++;
    else if (character === ")" && --depth < 0) return "closes a parenthesis that it does not open";
  }
  return depth > 0 ? "opens a parenthesis that it does not close" : undefined;
}

function follow(context: Context, token: string): Context {
  switch (context.in) {
    case "code":
      if (token === "'") return { in: "string" };
      if (token === '"') return { in: "quoted identifier" };
      if (token === "--") return { in: "line comment" };
      if (token === "/*") return { in: "block comment", depth: 1 };
      if (token.startsWith("$")) return { in: "dollar-quoted body", end: token };
      return { in: "string with escapes" };
    case "string with escapes":
      return context;
    case "block comment": {
      const depth = context.depth + (token === "/*" ? 1 : -1);
      return depth === 0 ? CODE : { in: "block comment", depth };
    }
    default:
      return CODE;
  }
}
