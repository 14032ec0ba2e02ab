// `@electric-sql/pglite` for the programs of examples and pages. A PGlite of theirs begins with a copy of an empty
// database, because initdb takes seconds.
import { readFileSync } from "node:fs";
import { PGlite as Original } from "@electric-sql/pglite";

const template = process.env["NEXTVAL_PGLITE"];

/** A file in memory. PGlite takes a Blob, and Node needs most of a second to read one of this size. */
class File extends Blob {
  #path;

  /** @param {string} path */
  constructor(path) {
    super();
    this.#path = path;
  }

  async arrayBuffer() {
    return new Uint8Array(readFileSync(this.#path)).buffer;
  }
}

/**
 * The options with which a PGlite begins with the database of a file.
 *
 * @param {string} path
 */
export function startingWith(path) {
  return { loadDataDir: new File(path) };
}

export class PGlite extends Original {
  constructor(...given) {
    super(...(given.length > 0 || template === undefined ? given : [startingWith(template)]));
  }
}
