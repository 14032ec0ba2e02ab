/// <reference lib="esnext.disposable" preserve="true" />

/** What `await using` calls; where the platform does not know it yet, the symbol that polyfills agree on. */
export const asyncDispose: typeof Symbol.asyncDispose = /* @__PURE__ */ knownSymbol();

function knownSymbol(): typeof Symbol.asyncDispose {
  const { asyncDispose } = Symbol as { readonly asyncDispose?: typeof Symbol.asyncDispose };
  return asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);
}
