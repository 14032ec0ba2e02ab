/** ROLLBACK TO is not among them, because it ends a savepoint only. Nothing but START TRANSACTION begins with START. */
const CONTROL =
  /(begin|start|commit|end|abort|rollback|prepare\s+transaction)\b(?!\s+(?:(?:work|transaction)\s+)?to\b)/iy;

/** The words by which a statement begins or ends a transaction, after white space, comments and semicolons; undefined for any other. */
export function transactionControl(text: string): string | undefined {
  CONTROL.lastIndex = startOf(text);
  const word = CONTROL.exec(text)?.[1]?.toLowerCase();
  return word === "start" ? "start transaction" : word;
}

/** Where the first word of a statement is. Comments between slashes and stars are nested. */
export function startOf(text: string): number {
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
