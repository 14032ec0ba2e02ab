import { createServer, connect, type AddressInfo, type Server } from "node:net";
import { bind } from "nextval";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { asksForPasswords, NEEDS_PASSWORDS, useDatabase } from "../../support/database.js";
import { first } from "../../support/effort.js";

/** The fate of the statement after one whose connection was lost. */
const database = useDatabase();
let proxy: Server | undefined;
afterEach(() => {
  proxy?.close();
});

/** Leads to the server; `onAnswer` sees every message of the server, and `connections` counts. */
async function through(onAnswer: (message: Buffer) => boolean = () => false) {
  const target = new URL(database.url);
  const counted = { connections: 0 };
  proxy = createServer((client) => {
    counted.connections++;
    const upstream = connect(Number(target.port || 5432), target.hostname);
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on("error", cut).on("close", cut);
    client.pipe(upstream);
    let rest = Buffer.alloc(0);
    let isFirst = true;
    upstream.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5 && rest.length >= rest.readInt32BE(1) + 1) {
        const message = rest.subarray(0, rest.readInt32BE(1) + 1);
        rest = rest.subarray(message.length);
        client.write(message);
        if (!isFirst && onAnswer(message)) return void setTimeout(cut, 20);
        isFirst = false;
      }
    });
  });
  const { port } = await new Promise<AddressInfo>((resolve) => {
    proxy?.listen(0, "127.0.0.1", () => resolve(proxy?.address() as AddressInfo));
  });
  return { ...counted, counted, host: "127.0.0.1", port };
}

beforeAll(async () => {
  await bind(database.client)`create table orders (id integer primary key, note text)`;
});

test.each(["a statement", "a transaction", "a session"])(
  "the error of another statement does not reach %s",
  async (next) => {
    let isArmed = false;
    const { host, port } = await through((message) => {
      const isError = isArmed && message[0] === "E".charCodeAt(0);
      if (isError) isArmed = false;
      return isError;
    });
    const client = database.connect({ host, port, max: 1, backoff: () => 0.01 });
    const db = bind(client);
    await db`truncate orders`;
    await db`insert into orders values (1, 'first')`;
    isArmed = true;
    await expect(db`insert into orders values (${1}, ${"secret"})`).rejects.toMatchObject({
      code: expect.stringMatching(/^(23505|CONNECTION_CLOSED)$/),
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (next === "a statement") await db`insert into orders values (${2}, ${"of Bob"})`;
    if (next === "a transaction") await db.begin(async (tx) => tx`insert into orders values (${2}, ${"of Bob"})`);
    if (next === "a session") await db.session(async (own) => own`insert into orders values (${2}, ${"of Bob"})`);
    expect(await db`select id from orders order by id`).toEqual([{ id: 1 }, { id: 2 }]);
  },
);

test("the error of a plain statement of the client does not reach a handle", async () => {
  const client = database.connect({ max: 1, backoff: () => 0.01 });
  const db = bind(client);
  for (const next of [() => db`select 1 as one`, () => db.begin((tx) => tx`select 1 as one`)]) {
    const lost = client`select pg_terminate_backend(pg_backend_pid()), ${"secret"}::text`;
    await expect(lost).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await next()).toEqual([{ one: 1 }]);
  }
});

test("statements that are lost together have separate errors, without the text of others", async () => {
  const { host, port } = await through();
  const db = bind(
    database.connect({ host, port, max: 1, backoff: () => 0.01, connection: { application_name: "together" } }),
  );
  const ofAlice = () => db`select pg_sleep(1), ${"secret of Alice"}::text`;
  const other = () => db`select ${"of Bob"}::text as bob`;
  await Promise.all([db`select ${"secret of Alice"}::text`, other()]);
  await other();
  const lost = Promise.allSettled([ofAlice(), other(), other()]);
  await expect
    .poll(
      () => database.client`select 1 from pg_stat_activity where application_name = 'together' and state = 'active'`,
    )
    .toHaveLength(1);
  await database.client`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'together'`;
  const errors = (await lost).map((each) => (each as PromiseRejectedResult).reason as Error);
  expect(new Set(errors).size).toBe(3);
  for (const error of errors) {
    expect(error).toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(Object.getOwnPropertyNames(error)).not.toContain("parameters");
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("secret");
  }
  expect(await other()).toEqual([{ bob: "of Bob" }]);
});

describe("a server that accepted the client and refuses it later", () => {
  test.for(
    first(1, [
      ["the password changed", "password 'other'", "password 'knock'"],
      ["the role may not log in", "nologin", "login"],
      ["no connection is left to it", "connection limit 0", "connection limit -1"],
    ] as const),
  )("is asked with pauses, calls fail after connect_timeout: %s", async ([, refuse, admit], { skip }) => {
    skip(refuse.startsWith("password") && !(await asksForPasswords(database)), NEEDS_PASSWORDS);
    const role = `knock_${database.name}`;
    await database.client.unsafe(`drop role if exists ${role}`);
    await database.client.unsafe(`create role ${role} login password 'knock'`);
    const { host, port, counted } = await through();
    const client = database.connect({ host, port, user: role, pass: "knock", max: 1, connect_timeout: 1 });
    const db = bind(client);
    await db`select 1`;
    const running = db`select pg_sleep(30)`;
    const lost = expect(running).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect
      .poll(() => database.client`select 1 from pg_stat_activity where usename = ${role} and state = 'active'`)
      .toHaveLength(1);
    await database.client.unsafe(`alter role ${role} ${refuse}`);
    await database.client`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
    await lost;
    const before = counted.connections;
    const calls = [db`select 2`, db.begin(() => 1), db.session(() => 1)];
    await Promise.all(
      calls.map((call) =>
        expect(call).rejects.toMatchObject({
          code: "CONNECT_TIMEOUT",
          message: "the server has refused to open a lost connection again for 1 s",
          hint: "Read why in the log of the server.",
        }),
      ),
    );
    expect(counted.connections - before).toBeLessThan(15);
    await database.client.unsafe(`alter role ${role} ${admit}`);
    await expect.poll(() => db`select 3 as three`.catch((error: unknown) => error)).toEqual([{ three: 3 }]);
    await client.end({ timeout: 1 });
    await database.client.unsafe(`drop role ${role}`);
  });
});
