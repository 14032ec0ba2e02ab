/** Reads a `bytea`, also as `bytea_output = escape` writes it. There a backslash is written twice, so that `\x` never begins it. */
export function parseBytes(text: string): Uint8Array {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex");
  const plain = text.replaceAll(/\\(?:\\|(\d{3}))/g, (_escape, octal?: string) =>
    octal === undefined ? "\\" : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(plain, "latin1");
}
