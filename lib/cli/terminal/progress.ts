import type { Progress } from "../../operate/index.js";
import { bar } from "./bar.js";
import { columnsOf, cut } from "./text-width.js";

const WIDTH = 30;

/** Back to the first column, and the rest of the line is gone. */
const CLEAR = "\r\u001b[K";

/**
 * A bar on stderr while long work is going on, on a terminal only; it is gone when the work is done.
 */
export function progressBar(what: string): {
  readonly show: (progress: Progress) => void;
  readonly clear: () => void;
} {
  const { stderr } = process;
  let isShown = false;
  return {
    show(progress) {
      if (stderr.isTTY !== true || progress.total === 0) return;
      isShown = true;
      stderr.write(`${CLEAR}${progressLine(what, progress, stderr.columns)}`);
    },
    clear() {
      if (isShown) stderr.write(CLEAR);
    },
  };
}

/** One line at most: one that wraps cannot be taken back. A terminal that does not know its width says 0. */
export function progressLine(what: string, { done, total }: Progress, columns: number): string {
  const width = (columns > 0 ? columns : 80) - 1;
  const counted = `${what} ${done}/${total}`;
  const room = Math.min(WIDTH, width - columnsOf(counted) - 1);
  return cut(room < 3 ? counted : `${what} ${bar(done / total, room)} ${done}/${total}`, width);
}
