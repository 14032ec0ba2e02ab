#!/usr/bin/env node
import { flushed } from "./terminal/print.js";
import { run } from "./program.js";

const status = await run(process.argv);
await flushed();
// Not process.exitCode: a schema file may have left a connection or a timer open.
process.exit(status);
