import { pathToFileURL } from "node:url";

// Runs examples one after another in this process, and prints a line before each; it ends by itself, like each of them.
for (const example of process.argv.slice(2)) {
  process.stdout.write(`\n# ${example}\n`);
  await import(pathToFileURL(example));
}
