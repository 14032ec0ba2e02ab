/** Node's Buffer, which browsers do not have. Declared here, because the library does without the types of Node. */
declare const Buffer:
  | { from(bytes: ArrayBufferLike, offset: number, length: number): { toString(encoding: "hex"): string } }
  | undefined;

/** Writes bytes in the format `hex` of `bytea`. Source: "Binary Data Types" in the PostgreSQL documentation. */
export function writeBytes(bytes: Uint8Array): string {
  if (typeof Buffer === "undefined") return `\\x${Array.from(bytes, hexOf).join("")}`;
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
