/** A program that starts a server and says where; server.test.ts ends it in every way a program can end. */
import { startServer } from "./server.js";

process.stdout.write("starting\n");
const { url, folder, supervisor } = await startServer();
process.stdout.write(`${JSON.stringify({ url, folder, supervisor })}\n`);

if (process.argv[2] === "forever") setInterval(() => {}, 1000);
if (process.argv[2] === "throw") throw new Error("This program fails after its server has started.");
