// Sequences in a schema: the name in every statement is qualified and quoted, whatever the search_path says.
import { bind, createSequence, setSequenceSchema, nextval, pgSchema, renameSequence, sql } from "nextval";
import { withDatabase } from "./database.js";
import { show, title } from "./show.js";

const billing = pgSchema("nextval_billing");
const invoiceSeq = billing.sequence("invoice_seq", { startWith: 1000 });
const creditSeq = billing.sequence("Credit Note Seq");

await withDatabase("nextval_billing", async (client) => {
  const db = bind(client);

  title("Two sequences in one schema");
  await show(db, () => createSequence(invoiceSeq));
  await show(db, () => createSequence(creditSeq));
  await show(db, () => sql`select ${nextval(invoiceSeq).as("invoice")}, ${nextval(creditSeq).as("credit")}`);

  title("Rename one, and go on where it was");
  await show(db, () => renameSequence(creditSeq, "credit_seq"));
  const renamedSeq = billing.sequence("credit_seq");
  await show(db, () => sql`select ${nextval(renamedSeq).as("credit")}`);

  title("What moving it would say");
  console.log("   ", setSequenceSchema(renamedSeq, "archive").text, "\n");
});
