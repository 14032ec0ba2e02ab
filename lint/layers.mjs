/** The parts of the core that all subpaths may use. */
const CORE = ["lib/index.ts", "lib/internal.ts"];

/** What adapters need for a handle. */
const HOST = ["lib/drivers/host/host.ts", "lib/drivers/queued/refuse-client.ts"];

/**
 * The allowed imports, lowest layer first. An entry is a layer, a folder or file of one, or a package. A layer may also
 * import itself. Layers are named after folders and files, and the longest name that fits a file counts.
 */
export const LAYERS = {
  types: [],
  "lib/errors.ts": [],
  "lib/sql": ["types", "lib/errors.ts"],
  "lib/option-object.ts": ["lib/errors.ts", "lib/sql"],
  "lib/embed.ts": ["lib/errors.ts", "lib/sql"],
  "lib/sequence": ["types", "lib/errors.ts", "lib/sql", "lib/option-object.ts"],
  "lib/handle": ["types", "lib/errors.ts", "lib/sql", "lib/option-object.ts", "lib/sequence"],
  "lib/drivers/postgres-js": [
    "lib/errors.ts",
    "lib/sql",
    "lib/option-object.ts",
    "lib/sequence",
    "lib/handle",
    "postgres",
  ],
  "lib/index.ts": [
    "types",
    "lib/errors.ts",
    "lib/sql",
    "lib/embed.ts",
    "lib/sequence",
    "lib/handle",
    "lib/drivers/postgres-js",
  ],
  "lib/internal.ts": ["types", "lib/errors.ts", "lib/option-object.ts", "lib/sql", "lib/sequence", "lib/handle"],

  "lib/drivers/queued": CORE,
  "lib/drivers/pg": [...CORE, "lib/drivers/queued"],
  "lib/drivers/pglite": [...CORE, "lib/drivers/queued"],

  "lib/drivers/host": [...CORE, "lib/drivers/queued"],

  "lib/adapters": CORE,
  "lib/adapters/drizzle.ts": [...CORE, ...HOST, "lib/adapters/fragment-of.ts", "drizzle-orm"],
  "lib/adapters/knex.ts": [...CORE, ...HOST, "knex"],
  "lib/adapters/kysely.ts": [...CORE, ...HOST, "lib/adapters/fragment-of.ts", "kysely"],

  "lib/server": CORE,

  "lib/catalog/inspect": [...CORE, "lib/server"],
  "lib/catalog/plan": [...CORE, "lib/server", "lib/catalog/inspect"],
  "lib/catalog/apply": [...CORE, "lib/server", "lib/catalog/inspect", "lib/catalog/plan"],
  "lib/catalog/pull": [...CORE, "lib/server", "lib/catalog/inspect"],
  "lib/catalog/generate": [...CORE, "lib/server", "lib/catalog/plan"],
  "lib/catalog/index.ts": ["lib/catalog"],

  "lib/allocate": [...CORE, "lib/server"],

  "lib/operate/finding-codes.ts": [],
  "lib/operate/accepted-findings.ts": [...CORE, "lib/server"],
  "lib/operate/from-json.ts": CORE,
  "lib/operate/columns": [...CORE, "lib/server", "lib/catalog/index.ts"],
  "lib/operate/arithmetic": [...CORE, "lib/server", "lib/catalog/index.ts", "lib/operate/columns"],
  "lib/operate/status": [
    ...CORE,
    "lib/server",
    "lib/catalog/index.ts",
    "lib/operate/columns",
    "lib/operate/arithmetic",
    "lib/operate/accepted-findings.ts",
    "lib/operate/finding-codes.ts",
  ],
  "lib/operate/resync": [
    ...CORE,
    "lib/server",
    "lib/catalog/index.ts",
    "lib/operate/columns",
    "lib/operate/arithmetic",
    "lib/operate/accepted-findings.ts",
    "lib/operate/finding-codes.ts",
    "lib/operate/from-json.ts",
  ],
  "lib/operate/transfer": [
    ...CORE,
    "lib/server",
    "lib/catalog/index.ts",
    "lib/operate/columns",
    "lib/operate/arithmetic",
    "lib/operate/accepted-findings.ts",
    "lib/operate/finding-codes.ts",
    "lib/operate/from-json.ts",
  ],
  "lib/operate/monitor": [...CORE, "lib/server", "lib/operate/status"],
  "lib/operate/to-json.ts": [],
  "lib/operate/index.ts": ["lib/server", "lib/operate"],

  // The lists of codes and formats, which `nextval/catalog` has as types only.
  "lib/config.ts": [
    "lib/index.ts",
    "lib/catalog/index.ts",
    "lib/catalog/plan/hazards/hazard-codes.ts",
    "lib/operate/index.ts",
    "lib/operate/finding-codes.ts",
  ],

  "lib/cli/terminal": [...CORE, "lib/operate/index.ts", "get-east-asian-width", "node:"],
  "lib/cli/report": ["lib/server", "lib/catalog/index.ts", "lib/operate/index.ts", "lib/cli/terminal"],
  "lib/cli/page": ["lib/server", "lib/operate/index.ts", "lib/cli/terminal", "lib/cli/report", "node:"],
  "lib/cli/listen": ["lib/server", "lib/operate/index.ts", "lib/cli/page", "lib/cli/terminal", "node:"],
  "lib/cli/config": [
    ...CORE,
    "lib/config.ts",
    "lib/catalog/index.ts",
    "lib/catalog/plan/hazards/hazard-codes.ts",
    "lib/catalog/generate/migration-formats.ts",
    "lib/operate/index.ts",
    "lib/operate/accepted-findings.ts",
    "lib/operate/finding-codes.ts",
    "lib/server",
    "lib/cli/terminal",
    "commander",
    "jiti",
    "tinyglobby",
    "node:",
  ],
  "lib/cli/database": [
    ...CORE,
    "lib/drivers/pg",
    "lib/server",
    "lib/config.ts",
    "lib/catalog/index.ts",
    "lib/cli/terminal",
    "lib/cli/config",
    "pg",
    "postgres",
    "node:",
  ],
  "lib/cli/commands": [
    ...CORE,
    "lib/catalog/index.ts",
    "lib/catalog/plan/hazards/hazard-codes.ts",
    "lib/catalog/generate/migration-formats.ts",
    "lib/operate/index.ts",
    "lib/server",
    "lib/cli/terminal",
    "lib/cli/report",
    "lib/cli/page",
    "lib/cli/listen",
    "lib/cli/config",
    "lib/cli/database",
    "commander",
    "node:",
  ],
  "lib/cli": [...CORE, "lib/server", "lib/cli", "commander", "node:"],
};
