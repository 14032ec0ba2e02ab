import type { TextParameter } from "../queued/driver.js";

/*
 * What a client sends to the server. Sources: "Message Formats" and "Extended Query" in the PostgreSQL documentation.
 */

/** Makes the messages for one statement with the texts of its values. `syncMessage` has to follow them. */
export function statementMessages(text: string, parameters: readonly TextParameter[]): Uint8Array {
  const messages = new MessageWriter();
  messages.begin("P").text("").text(text).int16(parameters.length);
  for (const { type } of parameters) messages.int32(type);
  messages.begin("B").text("").text("").int16(0).int16(parameters.length);
  for (const { text: value } of parameters) messages.value(value);
  // All columns as texts.
  messages.int16(0);
  messages.begin("D").byte("P").text("");
  messages.begin("E").text("").int32(0);
  return messages.end();
}

/** Makes the message for statements without values. */
export function scriptMessage(text: string): Uint8Array {
  return new MessageWriter().begin("Q").text(text).end();
}

/** Makes the message that ends a statement, or asks for nothing but the state of the transaction. */
export function syncMessage(): Uint8Array {
  return new MessageWriter().begin("S").end();
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** Writes messages one after the other. Numbers are big-endian, and texts end in a zero. */
class MessageWriter {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;
  /** Where the length of the last message stands. */
  #length = 0;

  /** Begins a message of this kind, and ends the one before. */
  begin(kind: string): this {
    this.#finish();
    this.byte(kind);
    this.#length = this.#end;
    return this.int32(0);
  }

  byte(letter: string): this {
    this.#reserve(1);
    this.#bytes[this.#end++] = letter.charCodeAt(0);
    return this;
  }

  int16(number: number): this {
    this.#reserve(2);
    this.#view.setUint16(this.#end, number);
    this.#end += 2;
    return this;
  }

  int32(number: number): this {
    this.#reserve(4);
    this.#view.setInt32(this.#end, number);
    this.#end += 4;
    return this;
  }

  text(text: string): this {
    return this.#write(encoder.encode(text)).byte("\0");
  }

  /** A value with its length before it, which is -1 for NULL. */
  value(text: string | null): this {
    if (text === null) return this.int32(-1);
    const bytes = encoder.encode(text);
    return this.int32(bytes.length).#write(bytes);
  }

  end(): Uint8Array {
    this.#finish();
    return this.#bytes.subarray(0, this.#end);
  }

  #finish(): void {
    if (this.#end > 0) this.#view.setInt32(this.#length, this.#end - this.#length);
  }

  #write(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
    return this;
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.#end + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
