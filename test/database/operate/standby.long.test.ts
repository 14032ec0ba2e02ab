import { bind } from "nextval";
import { sequenceStatus } from "nextval/operate";
import postgres from "postgres";
import { expect, test } from "vitest";
import { startServer } from "../../server/server.js";
import { whileStandby } from "../../server/standby.js";
import { resync } from "../../support/resync.js";

test("a standby is read and not changed, and the errors say so", { timeout: 60_000 }, async () => {
  const server = await startServer();
  const client = postgres(server.url, { max: 2, onnotice: () => {} });
  const db = bind(client);
  try {
    const [version] = await client`select current_setting('server_version_num')::int as v`;
    const knowsUnlogged = version!["v"] >= 150_000;
    await client.unsafe(`
      create table t (id serial primary key); insert into t values (10);
      ${knowsUnlogged ? "create unlogged sequence u; create table free (id int default nextval('u'))" : ""}`);
    await whileStandby(server, client, async () => {
      const { sequences } = await sequenceStatus(db);
      const messages = sequences.flatMap(({ problems }) => problems.map(({ message }) => message));
      expect(messages).toContainEqual(expect.stringContaining("public.t_id_seq: its next value is 1"));
      const unread = "public.u: its position cannot be read, because it is unlogged and the server is a standby";
      if (knowsUnlogged) expect(messages).toContain(unread);

      const { moves, failures } = await resync(db);
      expect(moves).toEqual([]);
      const unset = "not moved: cannot set transaction read-write mode during recovery";
      expect(failures.map(({ error }) => error)).toMatchObject([
        ...(knowsUnlogged
          ? [{ code: "READ_ONLY", sequence: "public.u", message: unread, hint: "Read it on the primary." }]
          : []),
        {
          code: "READ_ONLY",
          sequence: "public.t_id_seq",
          message: `public.t_id_seq: ${unset}`,
          hint: "Run resync on the primary.",
        },
      ]);
    });
    expect((await resync(db)).moves).toMatchObject([{ to: 11n }]);
  } finally {
    await client.end({ timeout: 1 });
    await server.stop();
  }
});
