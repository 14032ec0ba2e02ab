import { relative, sep } from "node:path";
import { maskPasswords } from "./redact.js";

/** Formats a path as the user would write it: relative to the working folder, if it is below. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  // A URL in the wrong place is also treated as a path.
  return maskPasswords(short === "" || short.startsWith(`..${sep}`) || short === ".." ? path : short);
}
