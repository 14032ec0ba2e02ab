#!/usr/bin/env node
import { run } from "./program.js";
import { flushed } from "./terminal/print.js";

const status = await run(process.argv);
await flushed();
// Not process.exitCode, because a file of declarations may have left a connection or a timer open.
process.exit(status);
