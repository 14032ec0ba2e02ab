import { spawn } from "node:child_process";
import { beforeEach } from "vitest";
import { type TestDatabase, useDatabase } from "../database.js";
import { RUNTIME } from "../runtime.js";
import { overDriver } from "./driver.js";
import { type Project, useProjects } from "./project.js";
import { type Finished, startProcess } from "./start-process.js";

/** As a shell writes it. */
const runtime = [RUNTIME.program, ...RUNTIME.args].map((word) => `"${word}"`).join(" ");

/** A database with `order_seq`, and a project in which somebody types commands, before each test. */
export interface Terminal {
  readonly database: TestDatabase;
  readonly project: Project;
  /** Writes the declarations in CommonJS: loading the compiler takes a third of the time of a command. */
  declare(code: string): Promise<void>;
  /** The sequences of the database. */
  sequences(): Promise<string[]>;
  /** The database as a question names it. */
  target(): string;
  /**
   * Runs `nextval` on its own terminal, which is as wide as COLUMNS says. Types the keys when a question appears, each
   * after an event.
   */
  onTerminal(
    args: string,
    keys: string | readonly string[],
    env?: Record<string, string>,
    event?: () => Promise<void>,
  ): Promise<Finished>;
  /** Runs a line of a shell, made from how the shell calls `nextval`. */
  inShell(line: (nextval: string) => string): Promise<Finished>;
  /** Waits until a session of the database waits for a lock, or none does. */
  untilWaiting(isWaiting: boolean): Promise<void>;
}

export function useTerminal(): Terminal {
  const database = useDatabase();
  const newProject = useProjects();
  let project: Project;
  const nextval = () => `${runtime} "${project.folder}/node_modules/nextval/dist/lib/cli/main.js"`;
  const declare: Terminal["declare"] = (code) =>
    project.write({ "s.cjs": `const { pgSequence } = require("nextval"); ${code}` });

  beforeEach(async () => {
    await database.client.unsafe("drop schema public cascade; create schema public; create sequence order_seq");
    project = await newProject({
      "nextval.config.cjs": `module.exports = { declarations: "s.cjs", url: "${database.url}", lockTimeout: 60000 };`,
    });
    await declare(
      `exports.newSeq = pgSequence("new_seq"); exports.orderSeq = pgSequence("order_seq", { startWith: 7 });`,
    );
  });

  return {
    database,
    get project() {
      return project;
    },
    declare,
    async sequences() {
      const rows = await database.client<{ sequencename: string }[]>`select sequencename from pg_sequences order by 1`;
      return rows.map(({ sequencename }) => sequencename);
    },
    target() {
      const { host, username } = new URL(database.url);
      return `${database.name} at ${host} as ${username}`;
    },
    async onTerminal(args, keys, env = {}, event = async () => {}) {
      const words = overDriver(args.split(" ")).join(" ");
      const size = env["COLUMNS"] === undefined ? "" : `stty cols ${env["COLUMNS"]}; `;
      const { CI: _ci, NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...outside } = process.env;
      const child = spawn("script", ["-qefc", `${size}${nextval()} ${words}`, "/dev/null"], {
        cwd: project.folder,
        env: { ...outside, TERM: "xterm", ...env },
        stdio: ["pipe", "pipe", "inherit"],
      });
      let stdout = "";
      let asked = 0;
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        if (!text.includes("[y/N]")) return;
        const answer = typeof keys === "string" ? keys : (keys[asked++] ?? "");
        void event().then(() => child.stdin.write(answer));
      });
      const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
      return { status, stdout, stderr: "" };
    },
    inShell: (line) => startProcess("bash", ["-c", line(nextval())], { cwd: project.folder, env: {} }).finished,
    async untilWaiting(isWaiting) {
      const count = async () => {
        const rows = await database.client`
          select from pg_stat_activity where datname = ${database.name} and wait_event_type = 'Lock'`;
        return rows.length;
      };
      while ((await count()) > 0 !== isWaiting) await new Promise((resolve) => setTimeout(resolve, 100));
    },
  };
}
