/** How many characters of text a connection keeps prepared. The server needs about twenty times as much memory. */
const MAX_PREPARED_CHARACTERS = 262_144;

/** How many texts that ran once are remembered, in case they run again. */
const MAX_SEEN = 1_000;

/**
 * How often a text is prepared anew on mere suspicion. Callers that pass wrong values cannot make it happen more often.
 */
const MAX_DOUBTS = 10;

/**
 * Decides which statements a connection prepares: those that run a second time, up to a limit. The driver never drops a
 * prepared statement, and each length of an `in (...)` list is another statement.
 */
export class PreparedTexts {
  readonly #seen = new Set<string>();
  readonly #prepared = new Set<string>();
  /** Texts that run unprepared once, to see whether the server keeps outdated types for their values. */
  readonly #doubts = new Set<string>();
  readonly #renewals = new Map<string, number>();
  #characters = 0;

  admits(text: string): boolean {
    if (this.#doubts.has(text)) return false;
    if (this.#prepared.has(text)) return true;
    if (!this.#seen.delete(text)) {
      if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
      this.#seen.add(text);
      return false;
    }
    if (this.#characters + text.length > MAX_PREPARED_CHARACTERS) return false;
    this.#characters += text.length;
    this.#prepared.add(text);
    return true;
  }

  /** Has a text run unprepared next, because the server may keep outdated types for its values. */
  doubt(text: string): void {
    if (this.#prepared.has(text) && this.renewalOf(text) < MAX_DOUBTS) this.#doubts.add(text);
  }

  /** Notes whether a text could run unprepared. If so, what is prepared is outdated, or the value was wrong before. */
  settle(text: string, hasRun: boolean): void {
    if (this.#doubts.delete(text) && hasRun) this.renew(text);
  }

  /** Has a text prepared anew when it runs next, because the server can no longer run what it prepared. */
  renew(text: string): void {
    if (!this.#prepared.delete(text)) return;
    this.#seen.add(text);
    this.#renewals.set(text, this.renewalOf(text) + 1);
  }

  /** How often a text was renewed. */
  renewalOf(text: string): number {
    return this.#renewals.get(text) ?? 0;
  }
}
