/**
 * Waits for one turn of the event loop. A socket's error and its close come in one turn. A statement that postgres.js (3.4.9) sends
 * between them may be lost and block the connection: the driver clears the timer of its write, and then waits for it. A caller that gets
 * the error a turn later can send its next statement immediately.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
