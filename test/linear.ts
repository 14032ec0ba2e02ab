/** How many repetitions a text has, and one ten times as long. */
const SHORT = 400;
const LONG = 10 * SHORT;

/** A garbage collection may fall into a measurement. */
const ATTEMPTS = 3;

/** In milliseconds: what a short text takes only if time grows faster than its square. */
const TOO_LONG = 20;

/** In milliseconds: what a long text takes even if each of its characters is looked at many times. */
const UNNOTICED = 1;

/** Above it, time does not grow in proportion to the text. */
export const MOST = 4;

/**
 * How many times longer one long text takes than ten short ones, which are as many characters: about 1 if time grows with the
 * length, 10 if it grows with its square. 0 if the long text takes no time worth noting.
 */
export function slowdown(run: (text: string) => unknown, make: (repetitions: number) => string): number {
  const shortTexts = Array.from({ length: LONG / SHORT }, () => make(SHORT));
  const long = make(LONG);
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && least > MOST; attempt++) {
    // The long text would take minutes.
    const first = long.slice(0, long.length / 10);
    if (time(() => run(first)) > TOO_LONG && time(() => run(first)) > TOO_LONG) return Number.POSITIVE_INFINITY;
    const once = time(() => run(long));
    if (once < UNNOTICED) return 0;
    const short = time(() => shortTexts.forEach((text) => run(text)));
    least = Math.min(least, once / Math.max(short, UNNOTICED / 4));
  }
  return least;
}

/** In milliseconds of this process, so that it does not matter what else the machine does. */
export function time(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
