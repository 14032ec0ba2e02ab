const MASK = "****";

/** Passwords, in every form in which a message may quote them. */
const secrets = new Set<string>();

/** Below this length a password is masked where it stands alone only: "a" is in every sentence. */
const LONG = 6;

/** Remembers the password of a text that may be a url, so that `redact` masks it from now on. */
export function keepSecretsOf(given: string): void {
  const [, userinfo] =
    /^[^:/]*:\/\/([^/?#]*)@/.exec(given) ?? /^[^:/]*:\/\/(.*)@/s.exec(given) ?? /^([^\s/]*)@/.exec(given) ?? [];
  const typed = userinfo === undefined ? -1 : userinfo.indexOf(":");
  const known = partsOf(given);
  // What is also the name of a user, a database or a host cannot be told from that, and would say what the password is.
  const keep = (password: string) => {
    if (!known.includes(password)) keepSecret(password);
  };
  if (userinfo !== undefined && typed >= 0) keep(userinfo.slice(typed + 1));
  try {
    const { password, searchParams } = new URL(given);
    keep(password);
    for (const name of ["password", "sslpassword"]) keep(searchParams.get(name) ?? "");
  } catch {
    // Whoever connects with it says that it is no url.
  }
}

/** What a message names of a url. */
function partsOf(given: string): string[] {
  try {
    const { username, hostname, pathname } = new URL(given);
    return [username, hostname, pathname.slice(1)];
  } catch {
    return [];
  }
}

/** Remembers a password, as it is, percent-encoded and decoded. */
export function keepSecret(password: string): void {
  const forms = [password, encodeURIComponent(password), encodeURI(password), JSON.stringify(password).slice(1, -1)];
  try {
    forms.push(decodeURIComponent(password));
  } catch {
    // A lone percent sign: nothing to decode.
  }
  for (const form of forms) if (form !== "") secrets.add(form);
}

/** Remembers the passwords of the variables that the command and the driver read. */
export function keepEnvironmentSecrets(): void {
  keepSecretsOf(process.env["DATABASE_URL"] ?? "");
  keepSecret(process.env["PGPASSWORD"] ?? "");
}

/** Remembers the passwords of all urls in a configuration, wherever they stand. */
export function keepSecretsIn(value: unknown, depth = 0): void {
  if (typeof value === "string") keepSecretsOf(value);
  else if (typeof value === "object" && value !== null && depth < 5) {
    for (const [key, each] of Object.entries(value)) {
      keepSecretsOf(key);
      keepSecretsIn(each, depth + 1);
    }
  }
}

/** A name that the user gave, such as of a schema: it may be a password or a url in the wrong place. */
export function withoutSecrets(name: string): string {
  return secrets.has(name) ? MASK : maskUserinfo(name);
}

/**
 * A text that came from outside, such as an error of the driver, without any password: those that are known, and those of any
 * url in it. A sentence of the command's own is not masked: a password may be a word of it.
 */
export function redact(text: string): string {
  const known = [...secrets].sort((a, b) => b.length - a.length);
  return maskUserinfo(known.reduce(mask, text));
}

/** What a file of the user throws may name a password that nothing else tells of: what follows such a word is masked, too. */
export function redactThrown(text: string): string {
  let isNext = false;
  return redact(text).replace(/\S+/g, (word) => {
    const [, name] = /^(.{0,40}?(?:password|passwd|passphrase|pwd|secret))["'`]?[:=]["'`]?[^:=]/i.exec(word) ?? [];
    if (name !== undefined) return `${name}=${MASK}`;
    const masked = isNext && !SMALL_WORDS.has(word.toLowerCase()) ? MASK : word;
    isNext =
      /(?:password|passwd|passphrase|pwd|secret)["'`]?[:=]?$/i.test(word) || (isNext && /^(?:is|was|=|:)$/i.test(word));
    return masked;
  });
}

/** What follows the word password in a sentence about it. */
const SMALL_WORDS = new Set(
  "a an and authentication cannot failed for from has in invalid is missing must not of or required should the to was = :".split(
    " ",
  ),
);

/** The passwords of urls. */
export function maskUrls(text: string): string {
  return text.replace(/\S+/g, (word) => {
    const scheme = word.indexOf("://");
    return scheme < 0 ? word : maskBetween(word, word.indexOf(":", scheme + 3));
  });
}

/** The passwords of urls, also of what has lost its scheme or a slash of it: `user:password@host`. */
export function maskUserinfo(text: string): string {
  return maskUrls(text).replace(/\S+/g, (word) => {
    const at = word.lastIndexOf("@");
    return at < 0 ? word : maskBetween(word, word.indexOf(":", word.lastIndexOf("/", at) + 1));
  });
}

function maskBetween(word: string, colon: number): string {
  const at = word.lastIndexOf("@");
  return colon < 0 || at < colon ? word : `${word.slice(0, colon + 1)}${MASK}${word.slice(at)}`;
}

function mask(text: string, secret: string): string {
  if (secret.length >= LONG) return text.replaceAll(secret, MASK);
  const pieces = text.split(secret);
  return pieces.reduce((masked, piece, index) => {
    const isAlone = !/\w/.test((pieces[index - 1] as string).slice(-1)) && !/^\w/.test(piece);
    return `${masked}${isAlone ? MASK : secret}${piece}`;
  });
}
