import type { Reporter, TestModule } from "vitest/node";

/** Prints why tests were skipped, which vitest's own reporters keep to themselves. */
export default class Skipped implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests("skipped")) {
        const result = test.result();
        // Those that a filter of the command line left out have none.
        if (result.state !== "skipped" || result.note === undefined) continue;
        const line = `${module.relativeModuleId}: ${result.note}`;
        counts.set(line, (counts.get(line) ?? 0) + 1);
      }
    }
    for (const [line, count] of counts) process.stdout.write(`Skipped ${count} of ${line}\n`);
  }
}
