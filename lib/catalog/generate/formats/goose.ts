import { linesOf, type MigrationFile, type MigrationScript, timestampOf } from "./migration-script.js";

/**
 * Writes one file. Markers are on lines of their own, and text between StatementBegin and StatementEnd is not split at
 * semicolons. Source: goose's "Annotations" and its `sqlparser`.
 */
export function goose(script: MigrationScript): MigrationFile[] {
  const part = (steps: MigrationScript["up"]) =>
    linesOf(steps, (statement) => `-- +goose StatementBegin\n${statement}\n-- +goose StatementEnd`);
  const content = `-- +goose Up\n${part(script.up)}\n-- +goose Down\n${part(script.down)}`;
  return [{ path: `${timestampOf(script)}_${script.name}.sql`, content }];
}
