import { bind, sql, type Transaction } from "nextval";
import newest, { type TransactionSql } from "postgres";
import oldest from "postgres-3.4.8";
import { describe, expect, test } from "vitest";
import { useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";

/** A handle's use of the driver's internals, over the oldest and the newest version that `peerDependencies` allows. */
const database = useDatabase();

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(
  first(1, [
    ["3.4.8", oldest],
    ["newest", newest],
  ] as const),
)("postgres.js %s", (_version, postgres) => {
  const connected = async (
    work: (client: newest.Sql, sent: { text: string; types: unknown[]; values: unknown[] }[]) => Promise<void>,
    options: newest.Options<{}> = {},
  ) => {
    const sent: { text: string; types: unknown[]; values: unknown[] }[] = [];
    const client = (postgres as typeof newest)(database.url, {
      max: 1,
      onnotice: () => {},
      debug: (_id, text, values, types) => sent.push({ text, types, values }),
      ...options,
    });
    await work(client, sent).finally(() => client.end({ timeout: 1 }));
  };

  test("no serializer touches a value, and its type is declared", () =>
    connected(async (client, sent) => {
      const db = bind(client);
      const values = () => db`
        select ${true} as a, ${5n} as b, ${new Date(0)} as c, ${new Uint8Array([1])} as d, ${"x"}::text as e,
          ${null}::text as f,
          ${1.5}::numeric as g, ${[1, 2]}::integer[] as h, ${sql.json([1])} as i, ${2n ** 70n} as j`;
      for (let time = 0; time < 3; time++) await values();
      const [row] = await values();
      expect(row).toMatchObject({ a: true, b: 5n, c: new Date(0), e: "x", f: null, g: "1.5", h: [1, 2], i: [1] });
      const [last] = sent.slice(-1);
      expect(last?.types).toEqual(["016", "020", "01184", "017", 705, 705, 705, 705, "03802", "01700"]);
      expect(last?.values).toEqual([
        "t",
        "5",
        "1970-01-01T00:00:00.000Z",
        "\\x01",
        "x",
        null,
        "1.5",
        '{"1","2"}',
        "[1]",
        "1180591620717411303424",
      ]);
    }));

  test("a transaction of the client tells its options and its connection", () =>
    connected(
      async (client) => {
        const rows = await client.begin((own) => bind(own)`select ${own.typed(1 as never, 1700)} as some_number`);
        expect(rows).toEqual([{ someNumber: "own 1" }]);
        expect(await client`select 1 as n`).toEqual([{ n: 1 }]);
      },
      {
        transform: newest.camel,
        types: { numeric: { to: 1700, from: [1700], serialize: String, parse: (text: string) => `own ${text}` } },
      },
    ));

  test("a transaction of the client fails if the server has rolled back instead of committing", () =>
    connected(async (client) => {
      await client`create table if not exists kept (id integer)`;
      for (const [fails, code] of [
        [(_own: TransactionSql, tx: Transaction) => tx`select 1 / 0`, "22012"],
        [(own: TransactionSql) => own`select 1 / 0`, "TRANSACTION_FAILED"],
      ] as const) {
        const failing = client.begin((own) => {
          const tx = bind(own);
          void tx`insert into kept values (1)`.execute();
          // The work returns, so it is sent, but not answered, when the driver sends COMMIT.
          fails(own, tx).then(undefined, () => {});
        });
        await expect(failing).rejects.toMatchObject({ code });
      }
      expect(await client`select * from kept`).toEqual([]);
    }));

  test.each([1, 3])("a transaction of the client that is lost leaves its connection to the pool (max: %i)", (max) =>
    connected(
      async (client) => {
        for (const how of ["waiting", "running"]) {
          const works: Promise<unknown>[] = [];
          const work = async (own: TransactionSql) => {
            const tx = bind(own);
            const [{ pid } = { pid: 0 }] = await tx<{ pid: number }>`select pg_backend_pid() as pid`;
            const running = how === "running" ? tx`select pg_sleep(5)`.execute() : undefined;
            running?.catch(() => {});
            await database.client`select pg_terminate_backend(${pid})`;
            await pause(10);
            await (running ?? tx`select 1`);
          };
          const lost = Array.from({ length: max }, () =>
            client.begin((own) => {
              works.push(work(own));
              return works.at(-1);
            }),
          );
          for (const { status } of await Promise.allSettled(lost)) expect(status).toBe("rejected");
          // Then the driver tries to send ROLLBACK.
          await Promise.allSettled(works);
          await pause(1);
          const everywhere = () =>
            Array.from({ length: max }, () => client`select pg_sleep(0.01), pg_backend_pid() as pid`);
          // The driver fails the first query of a new connection with the error that closed the one before.
          await Promise.allSettled(everywhere());
          const answers = await Promise.all(everywhere());
          expect(new Set(answers.map(([row]) => row?.["pid"] as number)).size, how).toBe(max);
        }
      },
      { max, backoff: () => 0.01 },
    ),
  );

  test("a transaction of the client that is lost does not end the next one on its connection", () =>
    connected(
      async (client) => {
        let fail = () => {};
        const waiting = new Promise<void>((_resolve, reject) => {
          fail = () => reject(new Error("late"));
        });
        const lost = client.begin((own) => {
          bind(own)`select pg_terminate_backend(pg_backend_pid())`.catch(() => {});
          return waiting;
        });
        await expect(lost).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
        await bind(client)`select 1`;
        await client.begin(async (own) => {
          await bind(own)`create temporary table passing () on commit drop`;
          fail();
          await pause(0);
          await own`select from passing`;
        });
      },
      { backoff: () => 0.01 },
    ));

  test("a new statement with values goes out in one step, and its text is prepared the second time", () =>
    connected(async (client) => {
      const db = bind(client);
      const prepared = () => client`select statement from pg_prepared_statements where statement ~ 'stepping'`.simple();
      const step = () => db`select ${1}::integer as stepping`;
      await step();
      expect(await prepared()).toHaveLength(0);
      await step();
      await step();
      expect(await prepared()).toHaveLength(1);
    }));

  test("a bad value fails its own statement only, whatever was sent around it", () =>
    connected(async (client) => {
      const db = bind(client);
      const at = (value: string, id: number) => db`select ${value}::timestamptz as at, ${id}::integer as id`;
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.allSettled(
          Array.from({ length: 60 }, (_, id) => at(id % 3 === 0 ? "garbage" : "2026-01-01", id)),
        );
        for (const [id, answer] of answers.entries()) {
          if (id % 3 === 0) expect(answer).toMatchObject({ status: "rejected", reason: { code: "22007" } });
          else expect(answer).toMatchObject({ status: "fulfilled", value: [{ id }] });
        }
      }
    }));

  test("a prepared statement that became invalid is not repeated among others", () =>
    connected(async (client) => {
      const db = bind(client);
      await db`drop table if exists versioned`;
      await db`create table versioned as select 1 as id`;
      const read = (id: number) => db`select *, ${id}::integer as asked from versioned`;
      for (let time = 0; time < 3; time++) await read(time);
      for (const [index, change] of [sql`alter table versioned add column more text`, sql`discard all`].entries()) {
        await db.query(change);
        const answers = await Promise.all(Array.from({ length: 20 }, (_, id) => read(id)));
        expect(answers.map(([row]) => (row as { asked: number }).asked)).toEqual(answers.map((_, id) => id));
        expect(answers, `change ${index}`).toHaveLength(20);
      }
    }));

  test("cancel reaches the statement that the server works on, and the connection goes on", () =>
    connected(async (client) => {
      const db = bind(client);
      const query = db`select pg_sleep(${5})`.execute();
      await pause(50);
      query.cancel();
      await expect(query).rejects.toMatchObject({ code: "57014" });
      expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
      expect(await db.begin(async (tx) => tx`select 2 as two`)).toEqual([{ two: 2 }]);
    }));

  test("a connection that is lost fails what runs on it, and the next statement has an answer of its own", () =>
    connected(
      async (client) => {
        const db = bind(client);
        for (const open of [db, undefined]) {
          const [{ pid } = { pid: 0 }] = await db<{ pid: number }>`select pg_backend_pid() as pid`;
          const running = open === undefined ? db.begin((tx) => tx`select pg_sleep(5)`) : db`select pg_sleep(5)`;
          const lost = expect(running).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
          await pause(50);
          await database.client`select pg_terminate_backend(${pid})`;
          await lost;
          expect(await db`select 3 as three`).toEqual([{ three: 3 }]);
        }
      },
      { backoff: () => 0.01 },
    ));

  test("a cursor reads batches, and leaves the connection as it was", () =>
    connected(async (client) => {
      const db = bind(client);
      const batches: number[] = [];
      for await (const rows of db.cursor(sql`select n from generate_series(1, ${25}::integer) n`, 10))
        batches.push(rows.length);
      expect(batches).toEqual([10, 10, 5]);
      await expect(async () => {
        for await (const rows of db.cursor(sql`select 1 / (15 - n) from generate_series(1, 25) n`, 10))
          batches.push(rows.length);
      }).rejects.toMatchObject({ code: "22012" });
      expect(await db`select 1 as one`).toEqual([{ one: 1 }]);
    }));

  test("a cursor whose connection is lost between two batches fails, and does not end", () =>
    connected(
      async (client) => {
        const db = bind(client);
        for (const handle of ["pool", "session"]) {
          const batches: number[] = [];
          const read = async (reader: Pick<typeof db, "cursor">) => {
            for await (const rows of reader.cursor(sql`select generate_series(1, 25), 'to be lost'`, 10)) {
              batches.push(rows.length);
              await database.client`select pg_terminate_backend(pid) from pg_stat_activity
                where query like '%to be lost%' and pid <> pg_backend_pid()`;
              await new Promise((resolve) => setTimeout(resolve, 50));
            }
          };
          const reading = handle === "pool" ? read(db) : db.session(read);
          await expect(reading).rejects.toMatchObject({
            code: expect.stringMatching(/^(CONNECTION_CLOSED|ECONNRESET)$/),
          });
          expect(batches).toEqual([10]);
        }
      },
      { backoff: () => 0.01 },
    ));
});
