/**
 * Waits one turn of the event loop. A socket emits `error` and `close` in the same turn. postgres.js (3.4.9) can lose a
 * statement that is sent between the two and block the connection: it clears the timer of its write, and then waits for
 * it. Reporting the error one turn later makes an immediate retry safe.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
