/** ROLLBACK TO is not among them, because it ends a savepoint only. */
const CONTROL =
  /(begin|start\s+transaction|commit|end|abort|rollback|prepare\s+transaction)\b(?!\s+(?:(?:work|transaction)\s+)?to\b)/iy;

/** The words by which a statement begins or ends a transaction, after white space, comments and semicolons; undefined for any other. */
export function transactionControl(text: string): string | undefined {
  CONTROL.lastIndex = startOf(text);
  return CONTROL.exec(text)?.[1]?.toLowerCase();
}

/** Where the first word is. Comments between slashes and stars are nested. */
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
