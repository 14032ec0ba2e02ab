/// <reference lib="esnext.disposable" preserve="true" />

/**
 * The symbol that `await using` calls. If the platform does not have it yet, it is the symbol that polyfills agree on.
 */
export const asyncDispose: typeof Symbol.asyncDispose = /* @__PURE__ */ knownSymbol();

function knownSymbol(): typeof Symbol.asyncDispose {
  const { asyncDispose } = Symbol as { readonly asyncDispose?: typeof Symbol.asyncDispose };
  return asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);
}
