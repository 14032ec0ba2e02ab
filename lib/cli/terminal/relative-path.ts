import { relative, sep } from "node:path";
import { maskUserinfo } from "./redact.js";

/** A path as the user would write it: relative to the working folder, where it is below that. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  // A url in the wrong place is taken for a path, too.
  return maskUserinfo(short === "" || short.startsWith(`..${sep}`) || short === ".." ? path : short);
}
