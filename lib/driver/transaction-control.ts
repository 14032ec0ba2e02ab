/**
 * Statements that begin or end a transaction, behind white space and comments. ROLLBACK TO is not among them, because it ends a
 * savepoint only.
 */
const CONTROL =
  /^(?:\s|--[^\n\r]*[\n\r]|\/\*(?:[^*]|\*(?!\/))*\*\/)*(begin|start\s+transaction|commit|end|abort|rollback|prepare\s+transaction)\b(?!\s+(?:(?:work|transaction)\s+)?to\b)/i;

/** The words by which a statement begins or ends a transaction; undefined for any other statement. */
export function transactionControl(text: string): string | undefined {
  return CONTROL.exec(text)?.[1]?.toLowerCase();
}
