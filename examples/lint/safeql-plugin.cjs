const { definePlugin } = require("@ts-safeql/plugin-utils");

/** How a statement begins that the server can describe without running it. */
const STATEMENT = /^\s*(delete|insert|merge|select|update|values|with)\b/i;

/** The types of what a template inserts as SQL. SafeQL cannot see into them. */
const INSERTED = /^(PgSequence|Spliceable|Sql)\b/;

/** What a tagged template of nextval gives: a fragment, or a statement of a handle. */
const GIVEN = new Set(["HostQuery", "Query", "Sql"]);

/**
 * An experiment: teaches SafeQL the tags of nextval, by their types. A template that it cannot judge is left out: a part
 * of a statement, one with a nested fragment or the name of a sequence, one with named placeholders, and DDL.
 */
module.exports = definePlugin({
  name: "nextval",
  package: "./safeql-plugin.cjs",
  setup: () => ({
    connectionDefaults: {
      overrides: {
        types: {
          int8: { parameter: { regex: "^(Sql|Aliased)Expression<.*bigint>$" }, return: "bigint" },
          int4: { parameter: { regex: "^(Sql|Aliased)Expression<.*number>$" }, return: "number" },
          jsonb: { parameter: { regex: "^(JsonValue|\\{.*\\})$" }, return: "unknown" },
        },
      },
    },
    onTarget({ node, context: { checker, parser } }) {
      if (!GIVEN.has(parser.getTypeAtLocation(node).symbol?.name)) return undefined;
      const { expressions, quasis } = node.quasi;
      if (!STATEMENT.test(quasis[0].value.cooked) || quasis.some(({ value }) => value.cooked.includes("$<")))
        return false;
      const types = expressions.map((each) => checker.typeToString(parser.getTypeAtLocation(each)));
      if (types.some((type) => INSERTED.test(type))) return false;
      // `db<Row>` is compared with the columns. Without it, nextval knows only the columns that `.as()` names.
      return { skipTypeAnnotations: node.typeArguments === undefined };
    },
  }),
});
