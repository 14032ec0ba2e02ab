import { type AnySequence, bind, createSchema, createSequence, nextval, pgSchema, pgSequence } from "nextval";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDatabase } from "../database.js";
import { recordStatements, type StatementRecorder } from "./recorder.js";

/** The tests of every library that a fragment goes into. */
export interface HostTest {
  /** The insert as it has to reach the server, around the text of `nextval(...)`. */
  text(call: string): string;
  /** Connects the host to a database that has `create table orders (id bigint primary key, note text)`. */
  open(url: string): Promise<OpenHost> | OpenHost;
}

export interface OpenHost {
  /**
   * Inserts one row through the host: `nextval(sequence)` as its id, and beside it the note, a value of the host's own.
   */
  insert(sequence: AnySequence, note: string): PromiseLike<unknown>;
  close(): PromiseLike<unknown> | void;
}

const orderSeq = pgSequence("order_seq");
const weird = pgSchema('we"ird');
const weirdSeq = weird.sequence("Order Seq");

/** Inserts real rows through a host, and looks at the wire for what it sent. */
export function testHost(name: string, { text, open }: HostTest): void {
  describe(name, () => {
    const database = useDatabase();
    let recorder: StatementRecorder;
    let host: OpenHost;

    beforeAll(async () => {
      const db = bind(database.client);
      await db.query(createSchema(weird));
      await db.query(createSequence(orderSeq));
      await db.query(createSequence(weirdSeq));
      await db`create table orders (id bigint primary key, note text)`;
      recorder = await recordStatements(database.url);
      host = await open(recorder.url);
    });
    afterAll(async () => {
      await host?.close();
      await recorder?.close();
    });

    test.each([
      ["a drawn id and a value side by side", orderSeq, "beside it"],
      ["from a sequence whose name needs quoting", weirdSeq, "quoted"],
      ["an attack in the value", orderSeq, `'); drop table orders; --`],
    ])("inserts %s", async (_what, sequence, note) => {
      recorder.statements.length = 0;
      await host.insert(sequence, note);
      const inserts = recorder.statements.filter((statement) => /^\s*insert/i.test(statement.text));
      expect(inserts).toEqual([{ text: text(nextval(sequence).text), values: [note] }]);
      const { client } = database;
      const [drawn] = await client.unsafe(
        `select last_value from ${sequence === weirdSeq ? '"we""ird"."Order Seq"' : "order_seq"}`,
      );
      expect(await client`delete from orders returning id, note`).toEqual([{ id: drawn?.last_value, note }]);
    });
  });
}
