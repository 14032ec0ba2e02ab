/** The driver needs Buffer itself. Declared here, because the library does without the types of Node. */
declare const Buffer: {
  from(text: string, encoding: "hex" | "latin1"): Uint8Array;
};

/**
 * Reads a `bytea`, also in the format of `bytea_output = escape`. That format doubles each backslash, so `\x` never
 * begins it.
 */
export function parseBytes(text: string): Uint8Array {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex");
  const plain = text.replaceAll(/\\(?:\\|(\d{3}))/g, (_escape, octal?: string) =>
    octal === undefined ? "\\" : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, "latin1");
}
