import { sleep } from "../errors/lost-answer.js";

/**
 * SQLSTATEs of errors that another transaction caused, after which the same work may succeed. Source: "Serialization
 * Failure Handling".
 */
const MAY_SUCCEED = new Set(["40001", "40P01"]);

const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 1_000;

/**
 * Runs an attempt again, up to `retries` times, if another transaction made it fail. Pauses grow and have a random
 * length, so the two transactions do not collide again.
 */
export async function retry<Result>(
  retries: number,
  attempt: (forbid: () => void) => Promise<Result>,
): Promise<Result> {
  for (let count = 0; ; count++) {
    let isForbidden = false;
    try {
      return await attempt(() => {
        isForbidden = true;
      });
    } catch (error) {
      if (isForbidden || count >= retries || !maySucceed(error)) throw error;
    }
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** count, MAX_PAUSE_MS);
    await sleep(longest * (0.5 + Math.random() / 2));
  }
}

function maySucceed(error: unknown): boolean {
  // Errors can be each other's cause.
  const met = new Set<unknown>();
  for (let each = error; each instanceof Error && !met.has(each); each = each.cause) {
    met.add(each);
    const code = "code" in each ? (each.code as string) : undefined;
    // A server that recovers from a crash ends a session with 40001, perhaps after the commit.
    if (code === "COMMIT_UNKNOWN") return false;
    if (code !== undefined && MAY_SUCCEED.has(code)) return true;
  }
  return false;
}
