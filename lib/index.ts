export { NextvalError, type NextvalErrorCode } from "./errors.js";

export { pgSchema, pgSequence } from "./sequence/sequence.js";
export type { AnySequence, PgSchema, PgSequence, ValueOf } from "./sequence/sequence.js";
export { resolveOptions } from "./sequence/resolve-options.js";
export type {
  BlockReading,
  Integer,
  OwningColumn,
  ResolvedOptions,
  SequenceLike,
  SequenceNeeded,
  SequenceOptions,
  SequenceType,
  TargetColumn,
  ValueMode,
} from "../types/sequence-options.js";

export { sql, type SqlTag } from "./sequence/sql.js";
export type { Spliceable, Sql } from "./sql/fragment.js";
export type { Condition } from "./sql/helpers/conditions.js";
export type { AliasedExpression, SqlExpression } from "./sql/expression.js";
export type { NamedValues, NamedTag } from "./sql/named/named.js";
export type { JsonValue } from "./sql/helpers/json.js";
export type { InsertOptions } from "./sql/helpers/insert.js";
export type { Splice, Value } from "./sql/value.js";

export { currval, lastval, nextval, setval } from "./sequence/functions.js";

export {
  addIdentity,
  alterIdentity,
  dropIdentity,
  type DropIdentityOptions,
  type IdentityChanges,
} from "./sequence/ddl/alter-identity.js";
export { alterSequence, type SequenceChanges } from "./sequence/ddl/alter.js";
export { commentOnSequence } from "./sequence/ddl/comment.js";
export { createSchema, createSequence } from "./sequence/ddl/create.js";
export type { AlterOptions } from "./sequence/ddl/ddl-statement.js";
export { dropSequence } from "./sequence/ddl/drop.js";
export {
  type FutureSequences,
  grantOnAllSequences,
  grantOnFutureSequences,
  grantOnSequence,
  revokeOnAllSequences,
  revokeOnFutureSequences,
  revokeOnSequence,
} from "./sequence/ddl/grant.js";
export type { GrantOptions, RevokeOptions, SequencePrivilege } from "./sequence/ddl/grant-clauses.js";
export { generatedAsIdentity, type IdentityOptions } from "./sequence/ddl/identity.js";
export { setSequenceSchema, renameSequence } from "./sequence/ddl/set-schema.js";
export type { Role } from "./sequence/ddl/role.js";
export { setSequenceOwnedBy } from "./sequence/ddl/set-owned-by.js";
export { setSequenceOwner } from "./sequence/ddl/set-owner.js";
export { restartSequence } from "./sequence/ddl/restart.js";
export { setSequenceLogged } from "./sequence/ddl/set-logged.js";
export type { AlterTableOptions, TableColumn } from "./sequence/ddl/table-column.js";

export { embed } from "./embed.js";

export { bind } from "./drivers/postgres-js/bind.js";
export type { BeginOptions, BindOptions, Database, Session } from "./handle/handles/database.js";
export type { Queryable } from "./handle/handles/queryable.js";
export type { Transaction } from "./handle/transactions/transaction.js";
export type { HostDatabase, HostQuery, HostTransaction } from "./handle/handles/host.js";
export type { Limits } from "./handle/running/call-limits.js";
export type { DrawOptions } from "./handle/drawing/draws.js";
export type { Query } from "./handle/running/query.js";
export type { Rows } from "./handle/running/rows.js";
