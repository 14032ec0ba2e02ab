import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import type { Wish } from "./url-parameters.js";

/**
 * Returns the options of TLS for a host, or false for a connection without TLS. Fails if the URL needs TLS and the
 * server does not have it.
 */
export function tlsOf({ ssl, sslFrom, isStrict }: Wish, host: string, speaksTls: boolean): false | ConnectionOptions {
  if (ssl === undefined || ssl === false || (ssl === "prefer" && !speaksTls)) return false;
  if (!speaksTls) {
    const message = `the server does not speak TLS, which ${sslFrom} asks for`;
    throw Object.assign(new Error(message), { hint: "Give sslmode=disable to connect without TLS." });
  }
  const isChecked = ssl === "verify-full" || (ssl === "require" && isStrict === true);
  const options = typeof ssl === "object" ? ssl : isChecked ? {} : { rejectUnauthorized: false };
  if (options.rejectUnauthorized === false || options.checkServerIdentity !== undefined) return options;
  // If the host is an address, postgres.js alone would check the name localhost instead.
  return { ...options, checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate) };
}
