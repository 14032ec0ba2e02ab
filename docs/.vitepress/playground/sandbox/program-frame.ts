import sandbox from "virtual:playground/sandbox";
import { type Frame, prepareFrame, type PreparedFrame, startFrame } from "./frame";
import type { Start } from "./messages";

/** The worker of a program: the library, and then the program. */
const CONTENT = {
  title: "The running program",
  script: `${sandbox}\naddEventListener("message", ({ data }) => importScripts(data), { once: true });`,
  hasProgram: true,
};

/** The frame for the next program. Making one takes a process of the browser, and reading the library. */
let prepared: PreparedFrame | undefined;

/** Makes the frame for the next program, before it is needed. */
export function prepareProgram(): void {
  prepared ??= prepareFrame(CONTENT);
}

/** Removes a frame that was prepared for nothing. */
export function discardProgram(): void {
  prepared?.element.remove();
  prepared = undefined;
}

/** Starts a program that was compiled. */
export function startProgram(code: string, start: Start, onBroken: (message: string) => void): Frame {
  const program = `playground.start(async (require, exports, console) => {\n${code}\n});`;
  const frame = startFrame(prepared ?? prepareFrame(CONTENT), { program, start, onBroken });
  prepared = undefined;
  return {
    port: frame.port,
    close() {
      frame.close();
      prepareProgram();
    },
  };
}
