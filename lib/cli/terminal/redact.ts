const MASK = "****";

/** Passwords, in every form in which a message may quote them. */
const secrets = new Set<string>();

/** A shorter password is masked only as a whole word: "a" is in every sentence. */
const MIN_LENGTH = 6;

/** Remembers the password of a text that may be a URL, so `redact` masks it from now on. */
export function rememberUrlSecrets(given: string): void {
  const [, userinfo] =
    /^[^:/]*:\/\/([^/?#]*)@/.exec(given) ?? /^[^:/]*:\/\/(.*)@/s.exec(given) ?? /^([^\s/]*)@/.exec(given) ?? [];
  const typed = userinfo === undefined ? -1 : userinfo.indexOf(":");
  const known = partsOf(given);
  // A password that equals the name of a user, database or host is not masked. The mask would reveal it.
  const keep = (password: string) => {
    if (!known.includes(password)) rememberSecret(password);
  };
  if (userinfo !== undefined && typed >= 0) keep(userinfo.slice(typed + 1));
  try {
    const { password, searchParams } = new URL(given);
    keep(password);
    for (const name of ["password", "sslpassword"]) searchParams.getAll(name).forEach(keep);
  } catch {
    // An invalid URL is reported when connecting.
  }
}

/** The parts of a URL that messages show. */
function partsOf(given: string): string[] {
  try {
    const { username, hostname, pathname } = new URL(given);
    return [username, hostname, pathname.slice(1)];
  } catch {
    return [];
  }
}

/** Remembers a password in all its forms: unchanged, percent-encoded and decoded. */
export function rememberSecret(password: string): void {
  const forms = [password, encodeURIComponent(password), encodeURI(password), JSON.stringify(password).slice(1, -1)];
  try {
    forms.push(decodeURIComponent(password));
  } catch {
    // A lone percent sign cannot be decoded.
  }
  for (const form of forms) if (form !== "") secrets.add(form);
}

/** Remembers the passwords of the variables that the command and the driver read. */
export function keepEnvironmentSecrets(): void {
  rememberUrlSecrets(process.env["DATABASE_URL"] ?? "");
  rememberSecret(process.env["PGPASSWORD"] ?? "");
}

/** Remembers the passwords of all URLs in a configuration, at any depth up to 5. */
export function keepSecretsIn(value: unknown, depth = 0): void {
  if (typeof value === "string") rememberUrlSecrets(value);
  else if (typeof value === "object" && value !== null && depth < 5) {
    for (const [key, each] of Object.entries(value)) {
      rememberUrlSecrets(key);
      keepSecretsIn(each, depth + 1);
    }
  }
}

/** Masks a name from the user, such as of a schema, which may be a password or a URL in the wrong place. */
export function withoutSecrets(name: string): string {
  return secrets.has(name) ? MASK : maskPasswords(name);
}

/**
 * Masks passwords in a text from outside, such as an error of the driver: the known ones, and those of any URL in it.
 * The command's own sentences are not masked, because a password may be a word of them.
 */
export function redact(text: string): string {
  const known = [...secrets].sort((a, b) => b.length - a.length);
  return maskPasswords(known.reduce(mask, text));
}

/**
 * Masks an error of a user's file, which may contain an unknown password: the word after "password" is masked as well.
 */
export function redactThrown(text: string): string {
  let isNext = false;
  return redact(text).replace(/\S+/g, (word) => {
    const masked = isNext && !SMALL_WORDS.has(word.toLowerCase()) ? MASK : word;
    isNext =
      /(?:password|passwd|passphrase|pwd|secret)["'`]?[:=]?$/i.test(word) || (isNext && /^(?:is|was|=|:)$/i.test(word));
    return masked;
  });
}

/** Words that can follow the word password in a sentence. */
const SMALL_WORDS = new Set(
  (
    "a an and authentication cannot failed for from has in invalid is missing must not of or required " +
    "should the to was = :"
  ).split(" "),
);

/** Masks the passwords of URLs, also in their parameters. */
export function maskUrls(text: string): string {
  return text.replace(/\S+/g, (word) => {
    const scheme = word.indexOf("://");
    return scheme < 0 ? word : maskNamed(maskBetween(word, word.indexOf(":", scheme + 3)));
  });
}

/** Masks passwords that stand alone: `user:password@host`, `password=it`, `"password":"it"`. */
export function maskPasswords(text: string): string {
  return maskUrls(text).replace(/\S+/g, (word) => {
    const at = word.lastIndexOf("@");
    return maskNamed(at < 0 ? word : maskBetween(word, word.indexOf(":", word.lastIndexOf("/", at) + 1)));
  });
}

/** Masks the rest of a word after the name of a password, because all of it may be the password. */
function maskNamed(word: string): string {
  const found = /(password|passwd|passphrase|pwd|secret)["'`\\]{0,2}[:=]["'`]?[^:=]/i.exec(word);
  return found === null ? word : `${word.slice(0, found.index)}${found[1]}=${MASK}`;
}

function maskBetween(word: string, colon: number): string {
  const at = word.lastIndexOf("@");
  return colon < 0 || at < colon ? word : `${word.slice(0, colon + 1)}${MASK}${word.slice(at)}`;
}

function mask(text: string, secret: string): string {
  if (secret.length >= MIN_LENGTH) return text.replaceAll(secret, MASK);
  const pieces = text.split(secret);
  return pieces.reduce((masked, piece, index) => {
    const isAlone = !/\w/.test((pieces[index - 1] as string).slice(-1)) && !/^\w/.test(piece);
    return `${masked}${isAlone ? MASK : secret}${piece}`;
  });
}
