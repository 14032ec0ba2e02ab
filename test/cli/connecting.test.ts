import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { Database } from "nextval";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { withDatabase } from "../../lib/cli/database/connect.js";
import { errorMessage } from "../../lib/cli/terminal/error-message.js";
import { DRIVERS, type Driver } from "../support/command/driver.js";
import { useProjects } from "../support/command/project.js";
import { asksForPasswords, NEEDS_PASSWORDS, useDatabase } from "../support/database.js";
import { withLong } from "../support/effort.js";

const database = useDatabase();
const newProject = useProjects();

/** Nothing listens there. */
const NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing";

/** What a command answers that connects so: the name of the database, what `use` returns, or the error. */
async function connected(
  url: string,
  driver: Driver | undefined,
  use?: (db: Database) => Promise<unknown>,
): Promise<unknown> {
  try {
    return await withDatabase(
      { url, urlFrom: "--url", driver },
      (db, target) => use?.(db) ?? (async () => `${target}`)(),
    );
  } catch (error) {
    return errorMessage(error);
  }
}

function changed(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

/** Sets variables until the test is over. */
function withVariables(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** The settings of a session that a URL or a variable may set. */
const settings = async (db: Database) =>
  db<Record<string, string>>`
    select current_setting('application_name') as name, current_setting('search_path') as path,
      current_setting('geqo') as geqo, current_setting('statement_timeout') as timeout`.one();

describe.each(withLong(DRIVERS.slice(0, 1), DRIVERS.slice(1)))("over %s", (driver) => {
  test("to a server that does not run", async () => {
    expect(await connected(NOWHERE, driver)).toBe(
      "Cannot connect to the database nothing at 127.0.0.1:1: nothing listens there (ECONNREFUSED)",
    );
    expect(await connected("postgresql://no.such.host.invalid/x", driver)).toMatch(
      /^Cannot connect to the database x at no\.such\.host\.invalid:5432: .*\((ENOTFOUND|EAI_AGAIN)\)$/,
    );
  });

  test("to a server that closes the connection, or is not PostgreSQL", async () => {
    for (const greeting of ["", "HTTP/1.1 400 Bad Request\r\n\r\n"]) {
      const server = createServer((socket) => socket.end(greeting)).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      const reason =
        greeting === ""
          ? "the server closed the connection (CONNECTION_CLOSED)"
          : "what listens there is not a PostgreSQL server";
      expect(await connected(`postgresql://me:s3cret@127.0.0.1:${port}/x`, driver)).toBe(
        `Cannot connect to the database x at 127.0.0.1:${port}: ${reason}`,
      );
      server.close();
    }
  });

  test("to a database that does not exist", async () => {
    expect(
      await connected(
        changed((url) => (url.pathname = "/no_such_database")),
        driver,
      ),
    ).toMatch(
      /^Cannot connect to the database no_such_database at .*: database "no_such_database" does not exist \(3D000\)$/,
    );
  });

  test("with parameters of other tools' URLs", async () => {
    const { username, password, host, hostname, port } = new URL(database.url);
    const role = `${username}:${password}`;
    const folder = await mkdtemp("/tmp/nextval-socket-");
    const socket = createServer((one) => {
      const other = connect({ host: hostname, port: Number(port) });
      one.pipe(other).pipe(one);
      for (const each of [one, other]) each.on("error", () => [one, other].forEach((end) => end.destroy()));
    }).listen(`${folder}/.s.PGSQL.5555`);
    onTestFinished(async () => {
      socket.close();
      await rm(folder, { recursive: true });
    });
    const asPrisma = "schema=public&connection_limit=5&pool_timeout=2&pgbouncer=true&sslmode=prefer&sslaccept=strict";
    const query = `host=${hostname}&port=${port}&user=${username}&password=${password}&connect_timeout=5`;
    const encoded = encodeURIComponent(folder);
    const { name } = database;
    for (const [url, address] of [
      [`${database.url}?${asPrisma}`, host],
      [`postgresql:///${name}?${query}`, host],
      // Of several hosts the first that answers.
      [`postgresql://${role}@127.0.0.1:1,${host}/${name}?application_name=a`, host],
      [`postgresql://${role}@127.0.0.1:1,${host}/${name}?target_session_attrs=read-write`, host],
      [`postgresql://${role}@127.0.0.1:1,${host}/${name}?target_session_attrs=prefer-standby`, host],
      // A socket has no TLS, and asks for none.
      [`postgresql://${role}@/${name}?host=${encoded}&port=5555&sslmode=require`, `${folder}/.s.PGSQL.5555`],
      [`postgresql://${role}@${encoded}:5555/${name}`, `${folder}/.s.PGSQL.5555`],
    ] as const) {
      expect([url, await connected(url, driver)]).toEqual([url, `${name} at ${address} as ${username}`]);
    }
  });

  test("to a server without the attributes that the URL asks for", async () => {
    for (const [attributes, expected] of [
      ["standby", "standby"],
      ["read-only", "read-only"],
    ]) {
      expect(await connected(`${database.url}?target_session_attrs=${attributes}`, driver)).toMatch(
        new RegExp(`: the server is not ${expected}, which target_session_attrs asks for$`),
      );
    }
    const readOnly = `${database.url}?default_transaction_read_only=on&target_session_attrs=`;
    expect(await connected(`${readOnly}read-write`, driver)).toMatch(/: the server is not read-write, /);
    expect(await connected(`${readOnly}read-only`, driver)).toMatch(/ at .* as /);
  });

  test("with the variables of libpq, which count less than the URL", async () => {
    const { username, password, hostname, port } = new URL(database.url);
    withVariables({
      PGHOST: hostname,
      PGPORT: port,
      PGDATABASE: database.name,
      PGUSER: username,
      PGPASSWORD: password,
    });
    const target = `${database.name} at ${hostname}:${port} as ${username}`;
    expect(await connected("postgresql://", driver)).toBe(target);
    expect(await connected(`postgresql://${hostname}`, driver)).toBe(target);
    expect(await connected(`postgresql://${hostname}/no_such_database`, driver)).toMatch(/\(3D000\)$/);
    withVariables({ PGPORT: "1", PGAPPNAME: "shop", PGOPTIONS: "-c geqo=off -c statement_timeout=7000" });
    expect(await connected("postgresql://", driver)).toBe(
      `Cannot connect to the database ${database.name} at ${hostname}:1: nothing listens there (ECONNREFUSED)`,
    );
    expect(await connected(database.url, driver, settings)).toMatchObject({ name: "shop", geqo: "off", timeout: "7s" });
    withVariables({ PGSSLMODE: "require" });
    expect(await connected(database.url, driver)).toMatch(/: the server does not speak TLS, which sslmode=require /);
    expect(await connected(`${database.url}?sslmode=disable`, driver)).toMatch(/ at .* as /);
    withVariables({ PGPORT: "x" });
    expect(await connected(database.url, driver)).toBe(
      'The environment has PGPORT, which has to be a number for each host, not "x"',
    );
  });

  test("with settings of the server", async () => {
    expect(await connected(database.url, driver, settings)).toMatchObject({ name: "nextval", geqo: "on" });
    const query = new URLSearchParams({
      application_name: "a b",
      search_path: `"odd ""one\\", public`,
      options: "-c geqo=off",
      statement_timeout: "9s",
    });
    expect(await connected(`${database.url}?${query}`, driver, settings)).toEqual({
      name: "a b",
      path: `"odd ""one\\", public`,
      geqo: "off",
      timeout: "9s",
    });
    const prisma = `${database.url}?schema=${encodeURIComponent('odd "one')}`;
    expect(await connected(prisma, driver, settings)).toMatchObject({ path: '"odd ""one"' });
    expect(await connected(`${database.url}?serch_path=x`, driver)).toMatch(
      /: unrecognized configuration parameter "serch_path" \(42704\)$/,
    );
    expect(await connected(`${database.url}?database=no_such_database`, driver)).toMatch(
      /^Cannot connect to the database no_such_database at .*\(3D000\)$/,
    );
  });

  test("reports that the server has no TLS", async () => {
    expect(await connected(`${database.url}?sslmode=require`, driver)).toMatch(
      /: the server does not speak TLS, which sslmode=require asks for\nHint: Give sslmode=disable to connect /,
    );
    expect(await connected(`${database.url}?sslmode=prefer`, driver)).toMatch(/ at .* as /);
  });

  test("with the wrong password, which is not shown, or none", async ({ skip }) => {
    skip(!(await asksForPasswords(database)), NEEDS_PASSWORDS);
    const role = `${database.name}_guest`;
    await database.client.unsafe(`create role ${role} login password 'right one'`);
    try {
      const failing = async (password: string) => {
        const url = changed((url) => Object.assign(url, { username: role, password }));
        return `${(await connected(url, driver)) as string}`;
      };
      const wrong = await failing("wr0ng@one/ü");
      expect(wrong).toMatch(new RegExp(`password authentication failed for user "${role}" \\(28P01\\)$`));
      expect(wrong).not.toMatch(/wr0ng/);
      expect(await failing("")).toMatch(
        /: the server asks for a password\nHint: Put it into the url, or into PGPASSWORD\.$/,
      );
    } finally {
      await database.client.unsafe(`drop role ${role}`);
    }
  });

  test("without notices", async () => {
    const noisy = (db: Database) => db`do $$ begin raise notice 'psst'; raise warning 'psst'; end $$`;
    expect(await connected(database.url, driver, async (db) => (await noisy(db)).command)).toBe("DO");
  });

  test("again if the connection was lost", async () => {
    const again = await connected(database.url, driver, async (db) => {
      await db`select pg_terminate_backend(pg_backend_pid())`.catch(() => {});
      return db`select 1 as one`.one();
    });
    expect(again).toEqual({ one: 1 });
  });
});

describe("a command", () => {
  test("ends with one sentence, without a stack", async () => {
    const project = await newProject();
    expect(await project.runShared("pull", "--url", NOWHERE)).toEqual({
      status: 2,
      stdout: "",
      stderr: "Cannot connect to the database nothing at 127.0.0.1:1: nothing listens there (ECONNREFUSED)\n",
    });
  });

  test("follows Prisma's schema, which applies to unqualified names, and explains one that is not there", async () => {
    await database.client`create schema "odd ""one"`;
    const project = await newProject({
      "s.ts": `import { pgSequence } from "nextval"; export const orderSeq = pgSequence("order_seq");`,
    });
    const url = `${database.url}?schema=${encodeURIComponent('odd "one')}`;
    const { stderr } = await project.runShared(
      "push",
      "--yes",
      "--new",
      "order_seq",
      "--url",
      url,
      "--declarations",
      "s.ts",
    );
    const rows = await database.client`select from pg_sequences where schemaname = 'odd "one'`;
    await database.client`drop schema "odd ""one" cascade`;
    expect([stderr, rows.length]).toEqual(["", 1]);
    const gone = await project.runShared("diff", "--url", `${database.url}?schema=none`, "--declarations", "s.ts");
    expect(gone.stderr).toBe(
      "order_seq: the search_path of the connection names no schema that exists\n" +
        "  Hint: Create the schema, or declare the sequence with pgSchema.\n",
    );
  });

  test.each(["order_seq", "postgresql//me:s3cret@host/x", "http://me:s3cret@host/x", "postgresql://me:s3#cret@host/x"])(
    "rejects %s, which is not a URL",
    async (url) => {
      expect(await connected(url, undefined)).toBe(
        "--url is not a url such as postgresql://user@host:5432/database\n" +
          "Hint: Percent-encode the special characters in its parts, such as @ as %40.",
      );
    },
  );

  test.each([
    ["sslcert=me.pem", "and the command connects without a client certificate\nHint: Take it out of the url."],
    ["sslmode=on", 'which has to be disable, allow, prefer, require, verify-ca or verify-full, not "on"'],
    ["sslrootcert=none.pem", 'and its file "none.pem" cannot be read'],
    ["channel_binding=require", "and the command connects without channel binding\nHint: Take it out of the url."],
    ["service=shop", "and the command does not read that file\nHint: Write host, user and database into the url."],
    [
      "target_session_attrs=any1",
      'which has to be any, read-write, read-only, primary, standby or prefer-standby, not "any1"',
    ],
    ["__proto__=x", "which is not a setting of the server\nHint: Take it out of the url."],
    ["port=x", 'which has to be a number for each host, not "x"'],
  ])("rejects %s in a URL with the reason", async (parameter, reason) => {
    expect(await connected(`${NOWHERE}?${parameter}`, undefined)).toBe(
      `--url has ${parameter.replace(/=.*/, "")}, ${reason}`,
    );
  });
});
