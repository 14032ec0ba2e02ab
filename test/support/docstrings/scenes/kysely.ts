import type { Generated, Kysely } from "kysely";

interface Tables {
  readonly orders: { readonly id: bigint; readonly note: string; readonly tenant: Generated<number> };
  readonly invoices: { readonly no: bigint; readonly customer: string };
}

export declare const db: Kysely<Tables>;
