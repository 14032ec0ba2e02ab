/**
 * Lets the event loop go round once. A socket's error and its close come in one turn, and what postgres.js (3.4.9) sends in
 * between may be lost, and block the connection after it: it clears the timer of what it had not written yet, and then waits for
 * it. So whoever hears of an error a turn later may go on at once.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
