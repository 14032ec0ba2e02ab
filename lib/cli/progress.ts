import type { Progress } from "../operate/index.js";

const WIDTH = 30;

/** A bar on stderr while long work is going on, on a terminal only; it is gone when the work is done. */
export function progressBar(what: string): { readonly show: (progress: Progress) => void; readonly clear: () => void } {
  const { stderr } = process;
  let shown = false;
  return {
    show({ done, total }) {
      if (stderr.isTTY !== true || total === 0) return;
      shown = true;
      stderr.write(`\r${what} ${bar(done / total, WIDTH)} ${done}/${total}`);
    },
    clear() {
      if (shown) stderr.write("\r\u001b[K");
    },
  };
}

/** `████████░░░░░░░░` */
export function bar(share: number, width: number): string {
  const full = Math.min(width, Math.max(share > 0 ? 1 : 0, Math.round(share * width)));
  return "█".repeat(full) + "░".repeat(width - full);
}
