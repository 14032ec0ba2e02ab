/** A worker that can reach nothing but one port. */
export interface Frame {
  readonly port: MessagePort;
  close(): void;
}

/** What a worker is made of. */
export interface FrameContent {
  readonly title: string;
  /** The script of the worker. */
  readonly script: string;
  /** Whether it may compile WebAssembly. */
  readonly hasWasm?: boolean;
  /** Whether it loads a second script, which it gets later. */
  readonly hasProgram?: boolean;
}

/** What a worker gets when it is needed. */
export interface FrameStart {
  readonly program?: string;
  readonly start?: unknown;
  /** Called with a sentence if a script of the worker cannot be read. */
  onBroken(message: string): void;
}

/** A frame whose worker reads its script. */
export interface PreparedFrame {
  readonly element: HTMLIFrameElement;
  /** Resolves when the worker can get messages. */
  readonly ready: Promise<void>;
}

/** Nothing may be loaded or sent. The nonce is for the script below, and blobs are for the worker and its program. */
const policy = (nonce: string, { hasWasm = false, hasProgram = false }: FrameContent) =>
  `default-src 'none'; connect-src 'none'; worker-src blob:; ` +
  `script-src 'nonce-${nonce}'${hasProgram ? " blob:" : ""}${hasWasm ? " 'wasm-unsafe-eval'" : ""}`;

/** The script of the frame: it starts the worker, and tells the page if a script cannot be read. */
const SCRIPT = `
  const blob = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  let worker;
  addEventListener("message", ({ source, data, ports }) => {
    if (source !== parent) return;
    if (worker === undefined) {
      worker = new Worker(blob(data));
      worker.onerror = (event) => {
        event.preventDefault();
        parent.postMessage(event.message || "The worker could not be started.", "*");
      };
    } else {
      if (data.program !== undefined) worker.postMessage(blob(data.program));
      worker.postMessage(data.start, ports);
    }
  });`;

/**
 * Makes a frame without an origin: no cookies, no storage, no page. Its policy allows no connections and no `eval`, and
 * its worker inherits it.
 */
export function prepareFrame(content: FrameContent): PreparedFrame {
  const nonce = crypto.randomUUID();
  const element = document.createElement("iframe");
  element.setAttribute("sandbox", "allow-scripts");
  element.title = content.title;
  element.hidden = true;
  element.srcdoc =
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy(nonce, content)}">` +
    `<script nonce="${nonce}">${SCRIPT}</script>`;
  const loaded = new Promise((resolve) => element.addEventListener("load", resolve, { once: true }));
  document.body.append(element);
  return { element, ready: loaded.then(() => element.contentWindow?.postMessage(content.script, "*")) };
}

/** Gives the worker of a frame what it starts with. */
export function startFrame({ element, ready }: PreparedFrame, { program, start, onBroken }: FrameStart): Frame {
  const { port1, port2 } = new MessageChannel();
  const onMessage = ({ source, data }: MessageEvent<unknown>) => {
    if (source === element.contentWindow && typeof data === "string") onBroken(data.slice(0, 1000));
  };
  addEventListener("message", onMessage);
  void ready.then(() => element.contentWindow?.postMessage({ program, start }, "*", [port2]));
  return {
    port: port1,
    close() {
      removeEventListener("message", onMessage);
      port1.close();
      element.remove();
    },
  };
}
