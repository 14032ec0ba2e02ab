/** Resolves imports of "nextval" and its subpaths to the checkout of `--against`, whose folder `initialize` gets. */
let parentURL;

export function initialize(folder) {
  parentURL = new URL("package.json", folder).href;
}

export function resolve(specifier, context, next) {
  return next(specifier, /^nextval(?:\/|$)/.test(specifier) ? { ...context, parentURL } : context);
}
