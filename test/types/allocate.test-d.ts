import { type AnySequence, bind, pgSchema, pgSequence, type Transaction, type ValueOf } from "nextval";
import {
  allocator,
  type Allocator,
  blockAllocator,
  type BlockReading,
  checkStrides,
  gaplessCounter,
  stride,
  type ValueRange,
} from "nextval/allocate";
import { inspectSequences } from "nextval/catalog";
import postgres from "postgres";
import { expectAssignable, expectError, expectType } from "tsd";

const orderSeq = pgSequence("order_seq", { increment: 50 });
const ticketSeq = pgSequence("ticket_seq", { as: "smallint" });
const textSeq = pgSchema("billing").sequence("text_seq", { mode: "string" });
declare const either: typeof orderSeq | typeof textSeq;
declare const any: AnySequence;

const db = bind(postgres());

// Allocators give values of the sequence's type.
const ids = allocator(db, orderSeq, { size: 100, lowWater: 10, durable: false });
expectType<Allocator<bigint>>(ids);
expectType<bigint>(await ids.next());
expectType<bigint[]>(await ids.take(5));
expectType<readonly ValueRange<bigint>[]>((await ids.close()).unused);
expectType<number>((await ids.close()).count);
expectAssignable<AsyncDisposable>(ids);
expectType<number>(await allocator(db, ticketSeq, { size: 100 }).next());
expectType<readonly ValueRange<string>[]>((await allocator(db, textSeq, { size: 100 }).close()).unused);
expectType<bigint | string>(await allocator(db, either, { size: 100 }).next());
expectType<bigint | number | string>(await blockAllocator(db, any).next());
expectError(allocator(db, orderSeq));
expectError(allocator(db, orderSeq, {}));
expectError(allocator(db, "order_seq", { size: 5 }));
expectError(ids.take("5"));

expectType<Allocator<bigint>>(blockAllocator(db, orderSeq));
expectType<number>(await blockAllocator(db, ticketSeq, { size: 8, lowWater: 5 }).next());
expectType<string[]>(await blockAllocator(db, textSeq).take(2));
expectError(blockAllocator(db, orderSeq, { reads: "downwards" }));
expectType<bigint>(await blockAllocator(db, orderSeq, { blocks: "downwards" }).next());
declare const reading: BlockReading | undefined;
expectType<bigint>(await blockAllocator(db, orderSeq, { blocks: reading }).next());
expectError(blockAllocator(db, orderSeq, { blocks: "pooled" }));
expectError(blockAllocator(db, orderSeq, { blocks: "upwards" as string }));

{
  await using scoped = allocator(db, orderSeq, { size: 10 });
  expectType<bigint>(await scoped.next());
}

// Numbers without gaps need a transaction.
const invoiceNo = gaplessCounter("invoice_no", { schema: "billing", startWith: "5" });
await db.query(invoiceNo.create());
expectType<bigint>(await db.begin((tx: Transaction) => invoiceNo.next(tx)));
expectError(invoiceNo.next(db));
expectError(db.session((session) => invoiceNo.next(session)));
expectError(invoiceNo.next());
expectError(gaplessCounter(5));

// A stride is a declaration of the same type.
const strided = stride(textSeq, { node: 1, nodes: 3 });
expectType<"text_seq">(strided.seqName);
expectType<"billing">(strided.schema);
expectType<string>(await db.nextval(strided));
expectType<number>(await db.nextval(stride(ticketSeq, { node: 0, nodes: 2 })));
declare const value: ValueOf<typeof strided>;
expectType<string>(value);
expectError(stride(orderSeq, { node: 1 }));
expectError(stride("order_seq", { node: 0, nodes: 2 }));

checkStrides([strided, stride(textSeq, { node: 0, nodes: 3 })]);
checkStrides({ eu: strided, us: (await inspectSequences(db)).sequences[0]! });
expectError(checkStrides(["order_seq"]));

const { unused } = await allocator(db, ticketSeq, { size: 8 }).close();
for (const { first, last, step } of unused)
  for (let value = first; value <= last; value += step) expectType<number>(value);
