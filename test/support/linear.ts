/** How many repetitions a text has, and one ten times as long. */
const SHORT = 400;
const TIMES = 10;

/** A garbage collection of a process that has run many tests may fall into several measurements. */
const ATTEMPTS = 24;

/** In milliseconds: what a short text takes only if time grows faster than its square. */
const TOO_LONG = 20;

/** In milliseconds: what a long text takes even if each of its characters is looked at many times. */
const UNNOTICED = 1;

/** In milliseconds: what a garbage collection does not explain. Otherwise texts so many times longer are tried. */
const BEYOND_NOISE = 50;
const LONGER = 5;

/** Above it, time does not grow in proportion to the text. */
export const MOST = 4;

/**
 * How many times longer one long text takes than ten short ones, which are as many characters: about 1 if time grows
 * with the length, 10 if it grows with its square. 0 if the long text takes no time worth noting.
 */
export function slowdown(run: (text: string) => unknown, make: (repetitions: number) => string): number {
  const { ratio, took } = compared(SHORT, run, make);
  if (ratio <= MOST || took > BEYOND_NOISE) return ratio;
  // A square stays a square in longer texts; the measurement of a millisecond that was disturbed does not.
  return Math.min(ratio, compared(SHORT * LONGER, run, make).ratio);
}

function compared(repetitions: number, run: (text: string) => unknown, make: (repetitions: number) => string) {
  const shortTexts = Array.from({ length: TIMES }, () => make(repetitions));
  const long = make(repetitions * TIMES);
  const first = make(SHORT);
  let ratio = Number.POSITIVE_INFINITY;
  let took = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && ratio > MOST; attempt++) {
    // The long text would take minutes.
    if (time(() => run(first)) > TOO_LONG && time(() => run(first)) > TOO_LONG)
      return { ratio: Number.POSITIVE_INFINITY, took: Number.POSITIVE_INFINITY };
    took = time(() => run(long));
    if (took < UNNOTICED) return { ratio: 0, took };
    const ofShort = time(() => shortTexts.forEach((text) => run(text)));
    ratio = Math.min(ratio, took / Math.max(ofShort, UNNOTICED / 4));
  }
  return { ratio, took };
}

/** In milliseconds of this process, so that it does not matter what else the machine does. */
export function time(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
