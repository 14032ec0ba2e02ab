const MASK = "****";

/** Passwords, in every form in which a message may quote them. */
const secrets = new Set<string>();

/** Below this length a password is masked where it stands alone only: "a" is in every sentence. */
const LONG = 6;

/** Remembers the password of a url, so that `redact` masks it from now on. */
export function keepSecretsOf(url: string): void {
  const [, userinfo] = /^[^:/]*:\/\/([^/?#]*)@/.exec(url) ?? /^[^:/]*:\/\/(.*)@/s.exec(url) ?? [];
  const typed = userinfo === undefined ? -1 : userinfo.indexOf(":");
  if (userinfo !== undefined && typed >= 0) keepSecret(userinfo.slice(typed + 1));
  try {
    const { password, searchParams } = new URL(url);
    keepSecret(password);
    for (const name of ["password", "sslpassword"]) keepSecret(searchParams.get(name) ?? "");
  } catch {
    // Whoever connects with it says that it is no url.
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

/** The text without any password: those that are known, and those of any url in it. */
export function redact(text: string): string {
  const known = [...secrets].sort((a, b) => b.length - a.length).map(patternOf);
  const masked = known.reduce((masked, pattern) => masked.replace(pattern, MASK), text);
  return masked.replace(/(\w:\/\/[^\s:@/]*:)\S*@/g, `$1${MASK}@`);
}

function patternOf(secret: string): RegExp {
  const exact = secret.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(secret.length < LONG ? `(?<!\\w)${exact}(?!\\w)` : exact, "g");
}
