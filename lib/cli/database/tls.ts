import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import type { Wish } from "./url-parameters.js";

/**
 * Returns the options of TLS for a host, or false for a connection without TLS. Fails if the URL needs TLS and the
 * server does not have it.
 */
export function tlsOf(wish: Wish, host: string, speaksTls: boolean): false | ConnectionOptions {
  const mode = modeOf(wish);
  if (mode === false || (mode === "prefer" && !speaksTls)) return false;
  if (!speaksTls) {
    const message = `the server does not speak TLS, which ${wish.sslFrom} asks for`;
    throw Object.assign(new Error(message), { hint: "Give sslmode=disable to connect without TLS." });
  }
  if (mode === "prefer" || mode === "require") return { rejectUnauthorized: false };
  return {
    ...(typeof wish.authorities === "object" ? { ca: wish.authorities } : {}),
    // If the host is an address, postgres.js alone would check the name localhost instead.
    checkServerIdentity: (_name, certificate) =>
      mode === "verify-ca" ? undefined : checkServerIdentity(host, certificate),
  };
}

/** Decides from all parameters together, so their order does not weaken what they ask for. */
function modeOf({ ssl, authorities, isStrict }: Wish): NonNullable<Wish["ssl"]> {
  if (ssl === "require" && isStrict === true) return "verify-full";
  // libpq checks certificates in all modes if it has a file of authorities.
  return typeof authorities === "object" && ssl !== false && ssl !== "verify-full" ? "verify-ca" : (ssl ?? false);
}
