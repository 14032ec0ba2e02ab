import type { Project } from "./project.js";

/** Starts `nextval status --listen` on a free port, and returns its URL and what ends it. */
export async function startListening(project: Project, flags: readonly string[], url: string) {
  const { process, finished } = project.start(["status", "--listen", "0", ...flags], { DATABASE_URL: url });
  const page = await new Promise<string>((resolve, reject) => {
    let output = "";
    process.stdout?.on("data", (text: string) => {
      output += text;
      const [found] = /http:\S+/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
    void finished.then(({ stderr }) => reject(new Error(stderr)));
  });
  return {
    page,
    async stop() {
      process.kill("SIGTERM");
      return await finished;
    },
  };
}
