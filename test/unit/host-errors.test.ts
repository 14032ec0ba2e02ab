import { sql } from "nextval";
import { bind, bindTransaction } from "nextval/host";
import { expect, test } from "vitest";

const server = Object.assign(new Error("of the server"), { code: "42P01", routine: "x", severity: "ERROR" });

/** Returns an error with a property, or with a getter for it. */
function wrapping(name: string, get: (self: Error) => unknown): Error {
  const error = new Error("of the library");
  return Object.defineProperty(error, name, { enumerable: true, get: () => get(error) });
}

const broken = () => {
  throw new Error("a getter has thrown");
};
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

const ERRORS: { readonly [what: string]: unknown } = {
  "holds itself as meta": wrapping("meta", (self) => self),
  "holds itself as cause": wrapping("cause", (self) => self),
  "has a new cause each time": wrapping("cause", function next() {
    return wrapping("cause", next);
  }),
  "has a getter that throws": wrapping("cause", broken),
  "is frozen": Object.freeze(Object.assign(new Error("frozen"), { ...server })),
  "has a message that is not a text": Object.assign(new Error(), { ...server, message: 5 }),
  "is a revoked proxy": revoked,
  "is a text": "failed",
  "is null": null,
  "is undefined": undefined,
};

test.each(Object.entries(ERRORS))("an error of a library that %s fails its statement alone", async (_what, error) => {
  const run = (text: string) => (text === "fail" ? Promise.reject(error) : Promise.resolve([{ text }]));
  const outcome = (statement: PromiseLike<unknown>) =>
    Promise.race([
      statement.then(
        () => "done",
        () => "failed",
      ),
      new Promise((resolve) => setTimeout(resolve, 200, "never answered")),
    ]);
  for (const handle of [bind(run), bindTransaction(run)]) {
    expect(await outcome(handle.query(sql.raw("fail")))).toBe("failed");
    expect(await outcome(handle.query(sql.raw("next")))).toBe("done");
  }
});

test("a server's error is found beside a getter that throws", async () => {
  const error = Object.assign(wrapping("cause", broken), { original: server });
  await expect(bind(() => Promise.reject(error)).query(sql`select ${1}`)).rejects.toBe(error);
});

test.each(["select 'it", 'select "a', "select 1 /* x", "select $<a>", "select $$", "select E'\\'"])(
  "a library gets the text of sql.raw unchanged: %s",
  async (raw) => {
    const texts: string[] = [];
    const run = async (text: string) => texts.push(text) && [];
    for (const handle of [bind(run), bindTransaction(run)]) {
      await handle.query(sql.raw(raw));
      expect(texts.pop()).toBe(raw);
    }
  },
);
