import {
  addIdentity,
  alterIdentity,
  alterSequence,
  dropIdentity,
  generatedAsIdentity,
  grantOnAllSequences,
  grantOnFutureSequences,
  grantOnSequence,
  pgSchema,
  pgSequence,
  renameSequence,
  restartSequence,
  revokeOnAllSequences,
  revokeOnFutureSequences,
  revokeOnSequence,
  type Role,
  setSequenceLogged,
  setSequenceOwnedBy,
  setSequenceOwner,
  setSequenceSchema,
  sql,
  type Sql,
} from "nextval";
import { expectError, expectType } from "tsd";

const orderSeq = pgSequence("order_seq");
declare const name: string;
declare const anything: any;
declare const nothing: never;
declare const role: Role;
declare const either: "app" | "public";

// Changes, with or without a restart.
expectType<Sql>(alterSequence(orderSeq, { restart: true }));
expectType<Sql>(alterSequence(orderSeq, { increment: -1, restart: 5n }, { ifExists: true }));
expectType<Sql>(alterSequence(orderSeq, { restart: name }));
expectType<Sql>(alterSequence(orderSeq, { restart: undefined }));
expectType<Sql>(alterSequence(orderSeq, anything));
expectError(alterSequence(orderSeq, { restart: null }));
expectError(alterSequence(orderSeq, { restart: new Date() }));
expectError(alterSequence(orderSeq, { restarts: true }));
expectError(alterSequence(orderSeq, { restart: true }, { ifExist: true }));

// A missing sequence is accepted by every ALTER.
const some = { ifExists: true };
restartSequence(orderSeq, undefined, some);
renameSequence(orderSeq, "a", some);
setSequenceSchema(orderSeq, pgSchema("a"), some);
setSequenceOwnedBy(orderSeq, null, some);
setSequenceLogged(orderSeq, true, some);
setSequenceOwner(orderSeq, "a", some);
expectError(restartSequence(orderSeq, some));
expectError(renameSequence(orderSeq, "a", { ifExists: "yes" }));

// Roles are names or fragments.
expectType<Sql>(setSequenceOwner(orderSeq, name));
expectType<Sql>(setSequenceOwner(orderSeq, role));
expectType<Sql>(setSequenceOwner(orderSeq, either));
expectType<Sql>(setSequenceOwner(orderSeq, sql`current_user`));
expectType<Sql>(setSequenceOwner(orderSeq, anything));
expectType<Sql>(setSequenceOwner(orderSeq, nothing));
expectError(setSequenceOwner(orderSeq, "public"));
expectError(setSequenceOwner(orderSeq, 5));
expectError(setSequenceOwner(orderSeq, orderSeq));
expectError(setSequenceOwner("order_seq", "app"));
expectType<Sql>(grantOnSequence(orderSeq, "all", ["app", sql`session_user`], { withGrantOption: true }));
expectType<Sql>(revokeOnSequence(orderSeq, ["usage"], "public", { grantOptionFor: true, cascade: true }));
expectError(grantOnSequence(orderSeq, "all", "app", { cascade: true }));
expectError(grantOnSequence(orderSeq, "all", { role: "app" }));
expectError(revokeOnSequence(orderSeq, "all", "app", { withGrantOption: true }));
expectError(grantOnSequence(orderSeq, "insert", "app"));

// Of a schema, now and in future.
expectType<Sql>(grantOnAllSequences("billing", "usage", "app"));
expectType<Sql>(grantOnAllSequences([pgSchema("billing"), name], ["usage", "select"], role, { withGrantOption: true }));
expectType<Sql>(revokeOnAllSequences(anything, "all", "app", { cascade: true }));
expectError(grantOnAllSequences(orderSeq, "usage", "app"));
expectError(grantOnAllSequences("billing", "insert", "app"));
expectType<Sql>(grantOnFutureSequences({}, "usage", "app"));
expectType<Sql>(
  revokeOnFutureSequences({ schemas: [pgSchema("a"), name], createdBy: [sql`current_user`, "b"] }, "all", "app"),
);
expectError(grantOnFutureSequences("billing", "usage", "app"));
expectError(grantOnFutureSequences({ schema: "billing" }, "usage", "app"));

// Identity columns.
const column = { schema: "billing", table: "invoices", column: "id" };
expectType<Sql>(generatedAsIdentity("always", { name: "invoice_no", unlogged: false }));
expectError(generatedAsIdentity("always", { name: 5 }));
expectError(generatedAsIdentity("always", { logged: true }));
expectType<Sql>(addIdentity(column, "by default", { startWith: 5, name }, { ifTableExists: true }));
expectError(addIdentity(column, "default"));
expectError(addIdentity({ table: "invoices" }, "always"));
expectType<Sql>(alterIdentity(column, { generated: "always", minValue: null, restart: true }));
expectType<Sql>(alterIdentity(column, anything));
expectError(alterIdentity(column, { startWith: null }));
expectError(alterIdentity(column, { as: "bigint" }));
expectError(alterIdentity(column, { generated: "never" }));
expectError(alterIdentity(column, { restart: true }, { ifExists: true }));
expectType<Sql>(dropIdentity(column, { ifExists: true, ifTableExists: true }));
expectError(dropIdentity("invoices.id"));
