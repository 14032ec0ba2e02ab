import sandbox from "virtual:playground/sandbox";
import type { Start } from "./messages";

/** A worker that runs a program where it can reach nothing but one port. */
export interface Frame {
  readonly port: MessagePort;
  close(): void;
}

/** Nothing may be loaded or sent. The nonce is for the script below, and blobs for workers. */
const policy = (nonce: string) =>
  `default-src 'none'; connect-src 'none'; script-src 'nonce-${nonce}'; worker-src blob:`;

/** The script of the frame: it starts the worker, and tells the page if the program cannot be read. */
const SCRIPT = `
  addEventListener("message", ({ source, data, ports }) => {
    if (source !== parent) return;
    const worker = new Worker(URL.createObjectURL(new Blob([data.script], { type: "text/javascript" })));
    worker.onerror = (event) => {
      event.preventDefault();
      parent.postMessage(event.message || "The program could not be started.", "*");
    };
    worker.postMessage(data.start, ports);
  }, { once: true });`;

/**
 * Starts a program in a worker of a frame without an origin: no cookies, no storage, no page. Its policy allows no
 * connections, and the worker inherits it.
 */
export function openFrame(code: string, start: Start, onBroken: (message: string) => void): Frame {
  const nonce = crypto.randomUUID();
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.title = "The running program";
  frame.hidden = true;
  frame.srcdoc =
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy(nonce)}">` +
    `<script nonce="${nonce}">${SCRIPT}</script>`;
  const { port1, port2 } = new MessageChannel();
  const onMessage = ({ source, data }: MessageEvent<unknown>) => {
    if (source === frame.contentWindow && typeof data === "string") onBroken(data.slice(0, 1000));
  };
  frame.addEventListener(
    "load",
    () => {
      const script = `${sandbox}\nplayground.start(async (require, exports, console) => {\n${code}\n});`;
      frame.contentWindow?.postMessage({ script, start }, "*", [port2]);
    },
    { once: true },
  );
  addEventListener("message", onMessage);
  document.body.append(frame);
  return {
    port: port1,
    close() {
      removeEventListener("message", onMessage);
      port1.close();
      frame.remove();
    },
  };
}
