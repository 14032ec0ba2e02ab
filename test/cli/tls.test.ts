import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withDatabase } from "../../lib/cli/database/connect.js";
import { errorMessage } from "../../lib/cli/terminal/error-message.js";
import { DRIVERS, type Driver } from "../support/command/driver.js";
import { useDatabase } from "../support/database.js";
import { withLong } from "../support/effort.js";
import { pem, startTlsProxy, type TlsProxy } from "../support/tls/tls-proxy.js";

const database = useDatabase();
/** Its certificate is for localhost. */
let named: TlsProxy;
/** Its certificate is for 127.0.0.1. */
let addressed: TlsProxy;

beforeAll(async () => {
  named = await startTlsProxy(database.url, "name");
  addressed = await startTlsProxy(database.url, "address");
});
afterAll(() => {
  named.close();
  addressed.close();
});

/** What a command says that connects so: nothing if it can. */
async function connect(driver: Driver, host: string, { port }: TlsProxy, query: string): Promise<string> {
  const { username, password, pathname } = new URL(database.url);
  const url = `postgres://${username}:${password}@${host}:${port}${pathname}`;
  try {
    const search = query.replaceAll(/\{(\w+)\}/g, (_all, name: "ca" | "other") => pem(name));
    return await withDatabase({ url: `${url}?${search}`, urlFrom: "--url", driver }, async (db) => {
      await db`select 1`;
      return "";
    });
  } catch (error) {
    return errorMessage(error).replace(/^.*?:\d+: /, "");
  }
}

const UNKNOWN =
  "no authority that is trusted here has signed the server's certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE)\n" +
  "Hint: Give its root certificate with sslrootcert=FILE.";
const ANOTHER =
  "the server's certificate is for another host (ERR_TLS_CERT_ALTNAME_INVALID)\n" +
  "Hint: Give sslmode=verify-ca to not compare hosts.";

describe.each(DRIVERS)("over %s", (driver) => {
  test.each(
    withLong<[string, string, string]>(
      [
        ["localhost", "sslmode=prefer", ""],
        ["localhost", "sslmode=verify-full", UNKNOWN],
        ["localhost", "sslmode=verify-full&sslrootcert={ca}", ""],
        ["localhost", "sslmode=require&sslrootcert={other}", UNKNOWN],
        ["localhost", "sslrootcert=system&sslmode=require", UNKNOWN],
        ["localhost", "sslrootcert=system&sslmode=disable&sslmode=require", UNKNOWN],
        ["127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", ANOTHER],
        ["127.0.0.1", "sslmode=verify-full&sslrootcert={other}&sslrootcert={ca}", ANOTHER],
        ["localhost", "sslrootcert={other}&sslmode=disable&sslmode=require", UNKNOWN],
        ["127.0.0.1", "sslmode=verify-ca&sslrootcert={ca}", ""],
      ],
      [
        ["localhost", "sslmode=require", ""],
        ["localhost", "sslmode=verify-ca", UNKNOWN],
        ["localhost", "sslrootcert={ca}&sslmode=verify-full", ""],
        ["localhost", "sslmode=verify-ca&sslrootcert={ca}", ""],
        ["localhost", "sslmode=verify-ca&sslrootcert={other}", UNKNOWN],
        ["localhost", "sslmode=require&sslrootcert={ca}", ""],
        ["localhost", "sslrootcert=system", UNKNOWN],
      ],
    ),
  )("a certificate for localhost, from %s with %s", async (host, query, reason) => {
    expect(await connect(driver, host, named, query)).toBe(reason);
  });

  test.each(
    withLong<[string, string, string]>(
      [
        ["127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", ""],
        ["localhost", "sslmode=verify-full&sslrootcert={ca}", ANOTHER],
      ],
      [
        ["localhost", "sslmode=verify-ca&sslrootcert={ca}", ""],
        // Of several hosts, the certificate has to be for one.
        ["127.0.0.1:1,127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", ""],
      ],
    ),
  )("a certificate for 127.0.0.1, from %s with %s", async (host, query, reason) => {
    expect(await connect(driver, host, addressed, query)).toBe(reason);
  });
});
