import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { bind } from "nextval";
import { type Health, type SequenceHealth, sequenceStatus } from "nextval/operate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../../lib/cli/listen/listen.js";
import { Sampler } from "../../lib/cli/listen/sampler.js";
import { startListening } from "../support/command/listening.js";
import { type Project, useProjects } from "../support/command/project.js";
import { useDatabase } from "../support/database.js";
import { HAS_LONG_FILES, withLong } from "../support/effort.js";

const database = useDatabase();
const makeProject = useProjects();
let project: Project;
let server: Awaited<ReturnType<typeof startListening>>;

beforeAll(async () => {
  await database.client.unsafe(`
    create table orders (id serial primary key); insert into orders (id) values (500);
    create sequence small_seq as smallint; create sequence free_seq`);
  project = await makeProject();
  server = await startListening(project, ["--watch", "1"], database.url);
});

afterAll(() => server.stop());

const at = (path: string) => new URL(path, server.page).href;
const get = async (path: string) => {
  const response = await fetch(at(path));
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** Sends a request with a Host header of its own, which `fetch` does not allow. */
function getAs(host: string, method = "GET"): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(at("/"), { method, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

/** Makes the database refuse every connection, or accept them again, as if its server had gone. */
async function setReachable(isReachable: boolean): Promise<void> {
  const admin = database.connect({ database: "postgres", max: 1 });
  await admin.unsafe(`alter database ${database.name} allow_connections ${isReachable}`);
  if (!isReachable) {
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database.name}`;
  }
  await admin.end();
}

/** Serves such a status from this process, to clients that read. Returns the URL. */
function listenHere(host: string, status: () => Promise<Health>): Promise<string> {
  return listen({
    address: { host, port: 0 },
    sampler: new Sampler(status, { minIntervalMs: 60_000, patienceMs: 60_000 }),
    silenceMs: 100,
    intervalS: 60,
    only: undefined,
    top: 0,
    select: () => [],
  });
}

describe("status --listen", () => {
  test("serves the page, metrics, JSON and a sign of life", async () => {
    expect(server.page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await get("/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.text).toContain("public.orders_id_seq: its next value is 1, but public.orders.id goes to 500");
    const metrics = await get("/metrics");
    expect(metrics.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(metrics.text).toMatch(/^nextval_up 1$/m);
    expect(metrics.text).toMatch(/^nextval_status_duration_seconds [\d.]+$/m);
    const { text, headers } = await get("/status.json");
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(JSON.parse(text)).toMatchObject({ database: database.name, level: "critical" });
    expect(await get("/healthz")).toMatchObject({ status: 200, text: "ok\n" });
    expect((await get("/etc/passwd")).status).toBe(404);
    expect(await getAs("localhost", "POST")).toBe(405);
  });

  test("answers under names of this machine only, because other names may mean a page of another site", async () => {
    expect(await Promise.all(["localhost:80", "[::1]:1", "127.0.0.1"].map((host) => getAs(host)))).toEqual([
      200, 200, 200,
    ]);
    expect(await Promise.all(["evil.example", "127.0.0.1.evil.example"].map((host) => getAs(host)))).toEqual([
      421, 421,
    ]);
  });

  test("reads the status once for requests that come together", async () => {
    const before = await database.client`select last_value from free_seq`;
    const documents = await Promise.all(Array.from({ length: 20 }, () => get("/status.json")));
    const times = documents.map(({ text }) => (JSON.parse(text) as { sampledAt: string }).sampledAt);
    expect(new Set(times).size).toBeLessThanOrEqual(2);
    expect(await database.client`select last_value from free_seq`).toEqual(before);
  });

  test("has the rate and the line of a sequence after a while, without anybody asking", async () => {
    await database.client`select nextval('free_seq') from generate_series(1, 1000)`;
    await expect.poll(async () => (await get("/metrics")).text).toMatch(/values_per_second\{.*"free_seq"\} \d*[1-9]/);
    expect((await get("/")).text).toMatch(/<polyline points="0\.0,/);
  });

  test("lives on while the database is away, and says so", async () => {
    await setReachable(false);
    try {
      await expect.poll(async () => (await get("/metrics")).text).toMatch(/^nextval_up 0$/m);
      expect((await get("/metrics")).text).not.toContain("nextval_sequence_level");
      const { status, text } = await get("/status.json");
      expect([status, JSON.parse(text)]).toMatchObject([503, { error: { message: expect.any(String) } }]);
      expect((await get("/healthz")).status).toBe(200);
      expect((await get("/")).text).toContain("Nothing could be read since");
    } finally {
      await setReachable(true);
    }
    await expect.poll(async () => (await get("/metrics")).text).toMatch(/^nextval_up 1$/m);
  });

  test("does not wait forever for a client that does not read its answer, because it keeps a place", async () => {
    const health = await sequenceStatus(bind(database.client));
    const [one] = health.sequences as [SequenceHealth];
    // More than the buffers of a connection take.
    const large = { ...one, sequence: { ...one.sequence, name: "x".repeat(16_000_000) } };
    const page = await listenHere("127.0.0.1", () => Promise.resolve({ ...health, sequences: [large] }));
    const { hostname, port } = new URL(page);
    const socket = connect(Number(port), hostname);
    socket.write("GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "readable");
    await setTimeout(500);
    let answer = "";
    const closed = new Promise((resolve) => socket.once("close", resolve).once("error", resolve));
    socket.on("data", (bytes) => (answer += bytes.toString("latin1"))).resume();
    await closed;
    // The last chunk is empty.
    expect(answer.endsWith("\r\n0\r\n\r\n")).toBe(false);
  });

  test("answers one request of a connection, so a client that does not read fills no memory", async () => {
    const { hostname, port } = new URL(server.page);
    const socket = connect(Number(port), hostname);
    let answers = "";
    socket.setEncoding("utf8").on("data", (text: string) => (answers += text));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500));
    await closed;
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });

  test("other spellings of the loopback address are guarded as well", async () => {
    const { port } = new URL(await listenHere("127.1", () => Promise.reject(new Error("nobody asks"))));
    const status = await new Promise((resolve, reject) => {
      const headers = { host: "evil.example" };
      request({ host: "127.0.0.1", port, headers }, (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(421);
  });

  test("a client that sends nothing does not keep others waiting", async () => {
    const { hostname, port } = new URL(server.page);
    const silent = connect(Number(port), hostname);
    expect((await get("/healthz")).status).toBe(200);
    silent.destroy();
  });

  if (HAS_LONG_FILES)
    test("a port that is taken is an error", async () => {
      const { port } = new URL(server.page);
      const { status, stderr } = await project.start(["status", "--listen", port], { DATABASE_URL: database.url })
        .finished;
      expect(status).toBe(2);
      expect(stderr).toContain(`Cannot listen on 127.0.0.1:${port}: another program listens there`);
    });
});

describe("files", () => {
  const run = (...flags: string[]) => project.runSharedWith(["status", ...flags], { DATABASE_URL: database.url });

  test("--html writes the page and keeps the exit code, --out the metrics", async () => {
    const [page, metrics] = await Promise.all([
      run("--html", "page.html", "--top", "1"),
      run("--prometheus", "--out", "a.prom", "--only", "problems"),
    ]);
    expect(page).toMatchObject({ status: 1, stdout: "", stderr: "" });
    expect(metrics).toMatchObject({ status: 0, stdout: "", stderr: "" });
    const html = await readFile(`${project.folder}/page.html`, "utf8");
    expect(html).toContain("public.orders_id_seq");
    expect(html).toContain("2 more are not shown.");
    const text = await readFile(`${project.folder}/a.prom`, "utf8");
    expect(text).toMatch(/^nextval_sequence_level\{.*orders_id_seq"\} 2$/m);
    expect(text).not.toContain("free_seq");
  });

  test("--out says that the status could not be read, instead of keeping old metrics", async () => {
    for (const flags of withLong(
      [["--url", "postgresql://127.0.0.1:1/x"]],
      [
        ["--statement-timeout", "1"],
        ["--schemas", "none"],
      ],
    )) {
      await project.write({ "b.prom": "nextval_up 1\n" });
      const { status } = await run("--prometheus", "--out", "b.prom", ...flags);
      expect(status).toBe(2);
      expect(await readFile(`${project.folder}/b.prom`, "utf8")).toContain("nextval_up 0");
    }
  });

  test.each([
    [["--out", "x"], "--out is the file of --prometheus"],
    [["--top", "3"], "--only and --top are for metrics and the page"],
    [["--listen", "1:2:3"], "It has to be a port"],
    [["--listen", "70000"], "It has to be a port"],
    [["--listen", "1", "--json"], "--listen serves all formats"],
  ])("%j is refused", async (flags, message) => {
    const { status, stderr } = await run(...flags);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
