/** A worker that can reach nothing but one port. */
export interface Frame {
  readonly port: MessagePort;
  close(): void;
}

/** What a worker is made of. */
export interface FrameContent {
  readonly title: string;
  /** The whole script of the worker. */
  readonly script: string;
  /** What it gets as its first message, with its port. */
  readonly start?: unknown;
  /** Whether it may compile WebAssembly. */
  readonly hasWasm?: boolean;
  /** Called with a sentence if the worker cannot be read. */
  onBroken(message: string): void;
}

/** Nothing may be loaded or sent. The nonce is for the script below, and blobs for workers. */
const policy = (nonce: string, hasWasm: boolean) =>
  `default-src 'none'; connect-src 'none'; worker-src blob:; ` +
  `script-src 'nonce-${nonce}'${hasWasm ? " 'wasm-unsafe-eval'" : ""}`;

/** The script of the frame: it starts the worker, and tells the page if its script cannot be read. */
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
 * Starts a worker in a frame without an origin: no cookies, no storage, no page. Its policy allows no connections and
 * no `eval`, and the worker inherits it.
 */
export function openFrame({ title, script, start, hasWasm = false, onBroken }: FrameContent): Frame {
  const nonce = crypto.randomUUID();
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.title = title;
  frame.hidden = true;
  frame.srcdoc =
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy(nonce, hasWasm)}">` +
    `<script nonce="${nonce}">${SCRIPT}</script>`;
  const { port1, port2 } = new MessageChannel();
  const onMessage = ({ source, data }: MessageEvent<unknown>) => {
    if (source === frame.contentWindow && typeof data === "string") onBroken(data.slice(0, 1000));
  };
  frame.addEventListener(
    "load",
    () => {
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
