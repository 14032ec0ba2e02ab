import sandbox from "virtual:playground/sandbox";
import type { Start } from "./messages";

/** A worker that runs a program where it can reach nothing but one port. */
export interface Frame {
  readonly port: MessagePort;
  close(): void;
}

/**
 * Nothing may be loaded or sent. The nonce is for the script below. Blobs, which a page without an origin makes itself,
 * are for workers and the program.
 */
const policy = (nonce: string) =>
  `default-src 'none'; connect-src 'none'; script-src 'nonce-${nonce}' blob:; worker-src blob:`;

/** The script of the frame: it starts the worker, and tells the page if the program cannot be read. */
const SCRIPT = `
  const blob = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  let worker;
  addEventListener("message", ({ source, data, ports }) => {
    if (source !== parent) return;
    if (worker === undefined) {
      worker = new Worker(blob(data));
      worker.onerror = (event) => {
        event.preventDefault();
        parent.postMessage(event.message || "The program could not be started.", "*");
      };
    } else {
      worker.postMessage(blob(data.program));
      worker.postMessage(data.start, ports);
    }
  });`;

/** The script of the worker: the library, and then the program. */
const LIBRARY = `${sandbox}\naddEventListener("message", ({ data }) => importScripts(data), { once: true });`;

interface Prepared {
  readonly element: HTMLIFrameElement;
  readonly ready: Promise<void>;
}

/** The frame for the next program. Making one takes a process of the browser, and reading the library. */
let prepared: Prepared | undefined;

/** Makes the frame for the next program, before it is needed. */
export function prepareFrame(): void {
  prepared ??= createFrame();
}

/** Removes a frame that was prepared for nothing. */
export function discardFrame(): void {
  prepared?.element.remove();
  prepared = undefined;
}

function createFrame(): Prepared {
  const nonce = crypto.randomUUID();
  const element = document.createElement("iframe");
  element.setAttribute("sandbox", "allow-scripts");
  element.title = "The running program";
  element.hidden = true;
  element.srcdoc =
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy(nonce)}">` +
    `<script nonce="${nonce}">${SCRIPT}</script>`;
  const loaded = new Promise((resolve) => element.addEventListener("load", resolve, { once: true }));
  document.body.append(element);
  return { element, ready: loaded.then(() => element.contentWindow?.postMessage(LIBRARY, "*")) };
}

/**
 * Starts a program in a worker of a frame without an origin: no cookies, no storage, no page. Its policy allows no
 * connections, and the worker inherits it.
 */
export function openFrame(code: string, start: Start, onBroken: (message: string) => void): Frame {
  const { element, ready } = prepared ?? createFrame();
  prepared = undefined;
  const { port1, port2 } = new MessageChannel();
  const onMessage = ({ source, data }: MessageEvent<unknown>) => {
    if (source === element.contentWindow && typeof data === "string") onBroken(data.slice(0, 1000));
  };
  addEventListener("message", onMessage);
  const program = `playground.start(async (require, exports, console) => {\n${code}\n});`;
  void ready.then(() => element.contentWindow?.postMessage({ program, start }, "*", [port2]));
  return {
    port: port1,
    close() {
      removeEventListener("message", onMessage);
      port1.close();
      element.remove();
      prepareFrame();
    },
  };
}
