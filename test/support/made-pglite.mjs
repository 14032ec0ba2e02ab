// `@electric-sql/pglite` for the programs of examples and pages. A PGlite of theirs begins with a copy of an empty
// database, because initdb takes seconds.
import { readFileSync } from "node:fs";
import { PGlite as Original } from "@electric-sql/pglite";

const template = process.env["NEXTVAL_PGLITE"];

export class PGlite extends Original {
  constructor(...given) {
    super(
      ...(given.length > 0 || template === undefined ? given : [{ loadDataDir: new Blob([readFileSync(template)]) }]),
    );
  }
}
