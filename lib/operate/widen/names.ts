import { sql } from "../../index.js";
import { bytesOf, MAX_NAME_BYTES, storedIdentifier } from "../../internal.js";

/** Quotes a name, with its schema first. */
export function quoted(first: string, ...further: readonly string[]): string {
  return storedIdentifier(first, ...further).text;
}

/** Quotes a text. */
export function quotedText(text: string): string {
  return sql.literal(text).text;
}

/** Makes a name of another one, which is cut if both together are too long for the server. */
export function workName(base: string, suffix: string): string {
  const characters = [...base];
  while (bytesOf(characters.join("") + suffix) > MAX_NAME_BYTES) characters.pop();
  return characters.join("") + suffix;
}

/** The column that is filled while the old one is in use. */
export function newColumn(name: string): string {
  return workName(name, "_nextval_new");
}

/** The old column after the swap. */
export function oldColumn(name: string): string {
  return workName(name, "_nextval_old");
}

/** The function of the trigger that keeps the two columns in step. */
export function functionOf(table: string): string {
  return workName(table, "_nextval_widen");
}

/** The check that the two columns are in step. */
export function checkOf(table: string): string {
  return workName(table, "_nextval_in_step");
}

export function newIndex(name: string): string {
  return workName(name, "_nextval_new");
}

/** Writes the body of a function or a DO statement. */
export function body(text: string): string {
  const dollars = "$nextval$";
  return text.includes("$nextval") ? quotedText(`\n${text}\n`) : `${dollars}\n${text}\n${dollars}`;
}

/** Writes the name of a role, which is null for PUBLIC. */
export function roleOf(name: string | null): string {
  return name === null ? "public" : quoted(name);
}
