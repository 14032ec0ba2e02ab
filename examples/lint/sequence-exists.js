/** What draws from a sequence, or reads or sets its position: functions of nextval and methods of its handles. */
const FUNCTIONS = new Set(["currval", "nextval", "nextvals", "setval"]);

/**
 * An experiment: a rule of ESLint that reports a sequence that the database does not have. `PgSequence` carries its
 * name and its schema in its type, so the rule knows them wherever the sequence was declared.
 *
 * Its option is the sequences of the database, as eslint.config.js reads them. Statements that create or drop sequences
 * are not looked at.
 */
export const sequenceExists = {
  meta: {
    type: "problem",
    docs: { description: "Report sequences that the database does not have" },
    schema: [{ type: "array", items: { type: "object" } }],
    messages: { missing: "The database has no sequence {{name}}." },
  },
  create(context) {
    const [sequences = []] = context.options;
    const services = context.sourceCode.parserServices;
    const checker = services.program.getTypeChecker();

    function check(node) {
      const type = services.getTypeAtLocation(node);
      if (type.symbol?.name !== "PgSequence") return;
      const [name, , schema] = checker.getTypeArguments(type).map((each) => each.value);
      // A name that the program computes is only a string in its type.
      if (name === undefined) return;
      const isFound = sequences.some(
        (each) => each.name === name && (schema === undefined ? each.onPath : each.schema === schema),
      );
      if (isFound) return;
      context.report({ node, messageId: "missing", data: { name: schema === undefined ? name : `${schema}.${name}` } });
    }

    return {
      TaggedTemplateExpression({ quasi }) {
        quasi.expressions.forEach(check);
      },
      CallExpression({ callee, arguments: [first] }) {
        const { name } = callee.type === "MemberExpression" ? callee.property : callee;
        if (first !== undefined && FUNCTIONS.has(name)) check(first);
      },
    };
  },
};
