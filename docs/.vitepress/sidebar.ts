/** A page of the site, by the path of its file without `.md`. */
interface Page {
  readonly text: string;
  readonly link: string;
}

/** Every page of the site, in the order in which a newcomer would read them. */
export const sidebar: { readonly text: string; readonly items: Page[] }[] = [
  {
    text: "Start",
    items: [
      { text: "Getting started", link: "/getting-started" },
      { text: "Playground", link: "/playground" },
    ],
  },
  {
    text: "Guides",
    items: [
      { text: "Declare a sequence", link: "/guides/declare" },
      { text: "Write a template", link: "/guides/templates" },
      { text: "Keep SQL in files", link: "/guides/named-placeholders" },
      { text: "Run statements", link: "/guides/run" },
      { text: "Use currval in a transaction", link: "/guides/transactions" },
      { text: "Identity columns and defaults", link: "/guides/identity" },
      { text: "Numbers that start over", link: "/guides/cycling" },
      { text: "What a row type may promise", link: "/guides/values" },
      { text: "Ids and JSON", link: "/guides/ids-and-json" },
      { text: "Set up TypeScript", link: "/guides/typescript" },
      { text: "Test code that uses sequences", link: "/guides/testing" },
      { text: "Check SQL against a database", link: "/guides/static-checking" },
      { text: "Find templates that never run", link: "/guides/unawaited" },
    ],
  },
  {
    text: "Drivers and query builders",
    items: [
      { text: "Drivers", link: "/drivers" },
      { text: "Kysely", link: "/builders/kysely" },
      { text: "Drizzle", link: "/builders/drizzle" },
      { text: "Knex", link: "/builders/knex" },
      { text: "Other libraries", link: "/builders/other-hosts" },
    ],
  },
  {
    text: "Migrations",
    items: [
      { text: "Plan and apply changes", link: "/migrations/overview" },
      { text: "Hazards, one by one", link: "/migrations/hazards" },
      { text: "Write migration files", link: "/migrations/generate" },
      { text: "Check in CI", link: "/migrations/ci" },
    ],
  },
  {
    text: "In production",
    items: [
      { text: "Draw many ids", link: "/operations/allocators" },
      { text: "Values that survive a crash", link: "/operations/durability" },
      { text: "Numbers without gaps", link: "/operations/gapless" },
      { text: "Several writers", link: "/operations/several-writers" },
      { text: "See how full sequences are", link: "/operations/status" },
      { text: "What the database does not show", link: "/operations/hidden-problems" },
      { text: "Move sequences past rows", link: "/operations/resync" },
      { text: "Carry sequences to another server", link: "/operations/transfer" },
      { text: "Widen an integer key", link: "/operations/widen" },
      { text: "Monitoring", link: "/operations/monitoring" },
      { text: "PgBouncer", link: "/operations/pgbouncer" },
    ],
  },
  {
    text: "Runbooks",
    items: [
      { text: "Integer out of range", link: "/runbooks/integer-out-of-range" },
      { text: "Duplicate key", link: "/runbooks/duplicate-key" },
      { text: "Major upgrade and cutover", link: "/runbooks/major-upgrade" },
      { text: "Ids burned by upserts", link: "/runbooks/burned-ids" },
    ],
  },
  {
    text: "Reference",
    items: [
      { text: "API", link: "/reference/api/" },
      { text: "The command", link: "/reference/command" },
      { text: "Configuration", link: "/reference/configuration" },
      { text: "Errors", link: "/reference/errors" },
      { text: "Problems", link: "/reference/problems" },
      { text: "Statements", link: "/reference/statements" },
      { text: "Limits that PostgreSQL sets", link: "/reference/limits" },
      { text: "Changed values", link: "/reference/changed-values" },
      { text: "Security", link: "/security" },
    ],
  },
  {
    text: "Internals",
    items: [
      { text: "Layers", link: "/internals/layers" },
      { text: "What PostgreSQL does", link: "/internals/postgresql" },
      { text: "How a template becomes text", link: "/internals/templates" },
      { text: "How a statement travels", link: "/internals/handle" },
      { text: "How the type checks work", link: "/internals/types" },
      { text: "How far it is from its limits", link: "/internals/limits" },
      { text: "How the cost grows", link: "/internals/scale" },
      { text: "Reading as a superuser", link: "/internals/reading-as-superuser" },
      { text: "How the playground works", link: "/internals/playground" },
    ],
  },
];
