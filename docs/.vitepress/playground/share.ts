/** A shared program is in the part of the address after `#`, which no server sees. */

const MAX_PROGRAM = 100_000;

/** What an address asks the playground to show. */
export type Shared = { readonly program: string } | { readonly example: string } | undefined;

export async function sharedBy(hash: string): Promise<Shared> {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const example = parameters.get("example");
  if (example !== null) return { example };
  const packed = parameters.get("program");
  if (packed === null) return undefined;
  try {
    return { program: await unpack(packed) };
  } catch {
    return undefined;
  }
}

export async function hashOf(program: string): Promise<string> {
  const stream = new Blob([program]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `#program=${base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** A short address may become a very long text, so reading stops at a limit. */
async function unpack(packed: string): Promise<string> {
  const base64 = packed.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const reader = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"))
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let program = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return program;
    program += value;
    if (program.length > MAX_PROGRAM) throw new RangeError("The program is too long.");
  }
}
