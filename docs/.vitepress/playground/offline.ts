/** Keeps what the playground has loaded, so it also opens without a network. */
export async function keepForOffline(loaded: readonly string[]): Promise<void> {
  if (import.meta.env.DEV || !("serviceWorker" in navigator)) return;
  const scope = import.meta.env.BASE_URL;
  const registration = await navigator.serviceWorker.register(`${scope}playground-offline.js`, {
    scope: `${scope}playground`,
  });
  await navigator.serviceWorker.ready;
  const own = performance.getEntriesByType("resource").map(({ name }) => name);
  const page = location.href.replace(/[?#].*$/, "");
  const addresses = [page, ...own, ...loaded].filter((address) => address.startsWith(location.origin));
  registration.active?.postMessage([...new Set(addresses)]);
}
