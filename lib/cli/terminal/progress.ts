import type { Progress } from "../../operate/index.js";
import { bar } from "./bar.js";
import { displayWidth, truncateToWidth } from "./text-width.js";

const WIDTH = 30;

/** Returns to the first column and clears the line. */
const CLEAR = "\r\u001b[K";

/** Shows a progress bar on stderr during long work, on a terminal only. It disappears when the work is done. */
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

/**
 * Formats a progress line that fits the terminal, because a wrapped line cannot be cleared. A terminal of unknown width
 * reports 0.
 */
export function progressLine(what: string, { done, total }: Progress, columns: number): string {
  const width = (columns > 0 ? columns : 80) - 1;
  const counted = `${what} ${done}/${total}`;
  const room = Math.min(WIDTH, width - displayWidth(counted) - 1);
  return truncateToWidth(room < 3 ? counted : `${what} ${bar(done / total, room)} ${done}/${total}`, width);
}
