#!/usr/bin/env node
import { run } from "./program.js";
import { printError, flushOutput } from "./terminal/print.js";

const status = await run(process.argv);
const failure = await flushOutput();
if (failure !== undefined) {
  printError(`The command is done (exit code ${status}), but its output could not be written: ${failure.message}`);
  await flushOutput();
}
// Not process.exitCode, because a file of declarations may have left a connection or a timer open.
process.exit(failure === undefined ? status : 2);
