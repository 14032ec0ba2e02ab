import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHECKOUT } from "./checkout.js";
import { median } from "./interleave.js";
import { atMost, type Report, round, spread } from "./report.js";
import { declarations, declarationsFile } from "./sources.js";
import { userFolder, userProject } from "./user-project.js";

const EDITS = 5;

/** Answers each message with what the process has used of the processors. */
const TELLS_USAGE = 'data:text/javascript,process.on("message", () => process.send(process.cpuUsage()))';

/** What an editor waits for after an edit, in milliseconds of processor time. */
interface Waits {
  readonly diagnostics: readonly number[];
  readonly completion: readonly number[];
}

/** Measures how long an editor waits after an edit of a file of declarations, with the server of TypeScript 5.9. */
export async function measure(): Promise<Report> {
  const folder = userFolder();
  const files = {
    "drizzle, 10": userProject(folder, "drizzle-10", source("drizzle-orm/pg-core", 10)),
    "nextval, 10": userProject(folder, "nextval-10", source("nextval", 10)),
    "drizzle, 1,000": userProject(folder, "drizzle-1000", source("drizzle-orm/pg-core", 1000)),
    "nextval, 1,000": userProject(folder, "nextval-1000", source("nextval", 1000)),
  };
  const waits = new Map<string, Waits>();
  for (const [name, file] of Object.entries(files)) waits.set(name, await edit(file));
  const figures = (name: keyof typeof files) => waits.get(name) as Waits;
  const ours = figures("nextval, 1,000");
  const beside = (wait: keyof Waits) => {
    const [few, peer] = [figures("nextval, 10")[wait], figures("drizzle, 1,000")[wait]].map((all) =>
      round(median(all)),
    );
    return { unit: " ms", limit: `${few} (of 10)`, peer: `${peer} (Drizzle)` };
  };
  return {
    tables: [
      {
        title: `TypeScript 5.9 in an editor, after an edit, ms of the processor, medians of ${EDITS} edits`,
        columns: ["", "diagnostics", "quartiles", "completion", "quartiles"],
        rows: [...waits].map(([name, { diagnostics, completion }]) => [
          name,
          round(median(diagnostics)),
          spread(diagnostics),
          round(median(completion)),
          spread(completion),
        ]),
      },
    ],
    targets: [
      atMost("diagnostics of 1,000 declarations after an edit", ours.diagnostics, 1200, beside("diagnostics")),
      atMost("a completion among 1,000 declarations after an edit", ours.completion, 100, beside("completion")),
    ],
  };
}

/** Declarations, the last of which is edited. */
function source(from: string, count: number): string {
  return declarationsFile(from, [
    ...declarations(count),
    'export const edited = pgSequence("edited_seq", { cycle: true });',
  ]);
}

async function edit(file: string): Promise<Waits> {
  const server = fork(
    join(CHECKOUT, "node_modules/typescript-5/lib/tsserver.js"),
    ["--disableAutomaticTypingAcquisition"],
    {
      execArgv: ["--import", TELLS_USAGE],
      stdio: ["pipe", "pipe", "inherit", "ipc"],
    },
  );
  try {
    const ask = requester(server);
    const lines = readFileSync(file, "utf8").split("\n");
    const line = lines.length - 1;
    const text = lines[line - 1] as string;
    const insert = async (offset: number, added: string) =>
      ask("change", { file, line, offset, endLine: line, endOffset: offset, insertString: added }, false);
    const diagnostics: number[] = [];
    const completion: number[] = [];
    await ask("open", { file }, false);
    for (let turn = -1; turn < EDITS; turn++) {
      await insert(text.indexOf("edited_seq") + 1, "a");
      const checked = await timed(server, () => ask("semanticDiagnosticsSync", { file }));
      await insert(text.indexOf("edited_seq") + 1, "b");
      const offset = text.indexOf("cycle") + 1 + 2 * (turn + 2);
      const completed = await timed(server, () => ask("completionInfo", { file, line, offset }));
      if ((checked.answer as unknown[]).length > 0) throw new Error(`${file}: ${JSON.stringify(checked.answer)}`);
      const { entries } = completed.answer as { entries: readonly { name: string }[] };
      if (!entries.some(({ name }) => name === "startWith")) throw new Error(`${file}: no completion`);
      if (turn < 0) continue;
      diagnostics.push(checked.ms);
      completion.push(completed.ms);
    }
    return { diagnostics, completion };
  } finally {
    server.kill();
  }
}

async function timed<Answer>(
  server: ChildProcess,
  work: () => Promise<Answer>,
): Promise<{ readonly ms: number; readonly answer: Answer }> {
  const before = await usage(server);
  const answer = await work();
  return { ms: (await usage(server)) - before, answer };
}

function usage(server: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    server.once("message", ({ user, system }: NodeJS.CpuUsage) => resolve((user + system) / 1000));
    server.send({});
  });
}

/** Returns a function that sends a request, and waits for its answer if there is one. */
function requester(server: ChildProcess): (command: string, given: object, answered?: boolean) => Promise<unknown> {
  const waiting = new Map<number, (body: unknown) => void>();
  let received = "";
  let seq = 0;
  server.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    received += chunk;
    const lines = received.split("\n");
    received = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("{")) continue;
      const { request_seq: answers, body } = JSON.parse(line) as { request_seq?: number; body?: unknown };
      if (answers !== undefined) waiting.get(answers)?.(body);
    }
  });
  return (command, given, answered = true) =>
    new Promise((resolve) => {
      seq++;
      if (answered) waiting.set(seq, resolve);
      server.stdin?.write(`${JSON.stringify({ seq, type: "request", command, arguments: given })}\n`);
      if (!answered) resolve(undefined);
    });
}
