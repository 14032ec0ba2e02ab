import {
  type AnySequence,
  type Integer,
  type PgSchema,
  type PgSequence,
  pgSchema,
  pgSequence,
  resolveOptions,
  type ResolvedOptions,
  type SequenceOptions,
  type ValueOf,
} from "nextval";
import { expectAssignable, expectError, expectNotAssignable, expectType } from "tsd";

declare const text: string;
declare const number: number;
declare const big: bigint;
declare const anything: any;
declare const nothing: never;
declare const type: "smallint" | "bigint";
declare const mode: "number" | "string";
declare const options: SequenceOptions;
declare const some: AnySequence;

// Names, schemas and options keep their literal types.
expectType<PgSequence<"order_seq", {}>>(pgSequence("order_seq"));
expectType<PgSequence<"order_seq", {}, undefined>>(pgSequence("order_seq", {}));
expectType<PgSequence<"order_seq", { readonly startWith: 100; readonly increment: 2 }>>(
  pgSequence("order_seq", { startWith: 100, increment: 2 }),
);
expectType<PgSequence<"invoice_seq", { readonly as: "integer" }, "billing">>(
  pgSchema("billing").sequence("invoice_seq", { as: "integer" }),
);
expectType<"billing">(pgSchema("billing").schemaName);
expectType<"order_seq">(pgSequence("order_seq").seqName);
expectType<undefined>(pgSequence("order_seq").schema);
expectType<-5n>(pgSequence("order_seq", { increment: -5n }).seqOptions.increment);
const owned = { ownedBy: { table: "orders", column: "id" } } as const;
expectType<"always">(pgSequence("order_seq", { ...owned, identity: "always" }).seqOptions.identity);
pgSequence("order_seq", { ...owned, identity: "always" as "always" | "by default" });
pgSequence("order_seq", { ...owned, identity: undefined });
// What the compiler does not know hides nothing that it does know.
expectError(pgSequence("order_seq", { startWith: big, minValue: 10, maxValue: 5 }));
expectError(pgSequence("order_seq", { cache: anything, increment: 0 }));
expectError(pgSequence("order_seq", { identity: "always" }));
expectError(pgSequence("order_seq", { ...owned, identity: "default" }));
expectType<"orders">(pgSequence("order_seq", { ownedBy: { table: "orders", column: "id" } }).seqOptions.ownedBy.table);
expectType<"id">(pgSequence("order_seq", { feeds: { table: "orders", column: "id" } }).seqOptions.feeds.column);
expectType<"upwards">(pgSequence("order_seq", { blocks: "upwards" }).seqOptions.blocks);
expectError(pgSequence("order_seq", { feeds: [{ table: "orders" }] }));
expectError(pgSequence("order_seq", { blocks: "sideways" }));
expectType<PgSequence<string, SequenceOptions>>(pgSequence(text, options));
expectType<PgSchema<string>>(pgSchema(text));

// It is readonly.
expectError((pgSequence("order_seq").seqName = "order_seq"));
expectError((pgSequence("order_seq", { cache: 5 }).seqOptions.cache = 5));
expectError((pgSchema("billing").schemaName = "billing"));

// Every sequence is one, and nothing else is.
expectAssignable<AnySequence>(pgSequence("order_seq"));
expectAssignable<AnySequence>(pgSequence("order_seq", { startWith: 5, as: "integer" }));
expectAssignable<AnySequence>(pgSchema("billing").sequence("invoice_seq", { mode: "string" }));
expectNotAssignable<AnySequence>({ seqName: "order_seq", schema: undefined, seqOptions: {} });
expectNotAssignable<PgSequence<"other_seq", {}>>(pgSequence("order_seq"));
expectNotAssignable<PgSequence<"order_seq", {}>>(pgSchema("billing").sequence("order_seq"));

// Each rule and its words are in test/unit/compiler.test.ts.
expectError(pgSequence(""));
expectError(pgSchema(""));
expectError(pgSequence("order_seq", { startWith: 5, minValue: 100 }));
expectError(pgSequence("order_seq", { strat: 5 }));
expectError(pgSequence("order_seq", { cycle: "yes" }));
expectError(pgSequence("order_seq", { cycle: number as number | boolean }));
expectError(pgSequence(5));
expectError(pgSequence());
expectError(pgSequence("order_seq", "startWith 5"));

// A union of options that are fine each is fine, and so are generic options.
declare const union: { readonly startWith: 5 } | { readonly as: "smallint" };
expectType<PgSequence<"order_seq", { readonly startWith: 5 } | { readonly as: "smallint" }>>(
  pgSequence("order_seq", union),
);
expectType<number | bigint>({} as ValueOf<ReturnType<typeof pickSeq>>);
function pickSeq() {
  return pgSequence("order_seq", union);
}
function idSeqOf<Table extends string, Options extends { readonly as?: "integer" }>(table: Table, options: Options) {
  return pgSchema("billing").sequence(`${table}_id_seq`, { ...options, ownedBy: { table, column: "id" } });
}
expectType<"orders_id_seq">(idSeqOf("orders", {}).seqName);
expectType<PgSequence<"order_seq", {}>>(pgSequence("order_seq", undefined));

// What the compiler does not know.
pgSequence(anything, anything);
pgSequence(text, { startWith: number, as: type });
pgSequence(nothing, nothing);
pgSequence("order_seq", { startWith: 0, minValue: anything });

// The JavaScript type of the values.
const plain = pgSequence("order_seq");
const small = pgSequence("ticket_seq", { as: "smallint" });
const asNumber = pgSequence("order_seq", { mode: "number", maxValue: 10 });
expectType<bigint>({} as ValueOf<typeof plain>);
expectType<number>({} as ValueOf<typeof small>);
expectType<number>({} as ValueOf<PgSequence<"ticket_seq", { readonly as: "integer" }, "billing">>);
expectType<bigint>({} as ValueOf<PgSequence<"ticket_seq", { readonly as: "bigint" }>>);
expectType<bigint>({} as ValueOf<PgSequence<"ticket_seq", { readonly as: undefined; readonly mode: undefined }>>);
expectType<number>({} as ValueOf<typeof asNumber>);
expectType<string>({} as ValueOf<PgSequence<"ticket_seq", { readonly as: "smallint"; readonly mode: "string" }>>);
expectType<bigint>({} as ValueOf<PgSequence<"ticket_seq", { readonly as: "smallint"; readonly mode: "bigint" }>>);
expectNotAssignable<ValueOf<typeof plain>>(5);
expectNotAssignable<ValueOf<typeof small>>(5n);

const either = pgSequence("order_seq", { as: type });
const eitherMode = pgSequence("order_seq", { mode });
expectType<number | bigint>({} as ValueOf<typeof either>);
expectType<number | string>({} as ValueOf<typeof eitherMode>);
expectType<number | bigint>({} as ValueOf<typeof plain | typeof small>);
expectType<number | bigint | string>({} as ValueOf<typeof some>);
expectType<number | bigint | string>({} as ValueOf<AnySequence>);
expectType<number | bigint | string>({} as ValueOf<PgSequence<string, { readonly mode?: string }>>);
expectType<any>({} as ValueOf<any>);
expectType<never>({} as ValueOf<never>);

expectType<ResolvedOptions>(resolveOptions(plain));
expectType<bigint>(resolveOptions(small).startWith);
expectAssignable<Integer>(5);
expectAssignable<Integer>(5n);
expectAssignable<Integer>("5");
expectNotAssignable<Integer>(null);
