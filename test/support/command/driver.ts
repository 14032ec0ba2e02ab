/** The drivers of the command. */
export const DRIVERS = ["postgres", "pg"] as const;

export type Driver = (typeof DRIVERS)[number];

const CONNECTING = new Set(["diff", "push", "pull", "generate", "check", "status", "resync", "transfer", "widen"]);

/**
 * Adds `--driver` to the arguments of a command if NEXTVAL_TEST_DRIVER names a driver. `npm run test:matrix` sets it.
 */
export function overDriver(args: readonly string[]): readonly string[] {
  const driver = process.env["NEXTVAL_TEST_DRIVER"];
  const isFree = driver !== undefined && CONNECTING.has(args[0] ?? "") && !args.includes("--driver");
  return isFree ? [...args, "--driver", driver] : args;
}
