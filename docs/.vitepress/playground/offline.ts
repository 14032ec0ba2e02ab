/** Keeps what the playground has loaded, so it also opens without a network. */
export async function keepForOffline(loadedByWorkers: readonly string[]): Promise<void> {
  if (import.meta.env.DEV || !("serviceWorker" in navigator)) return;
  const base = import.meta.env.BASE_URL;
  // What a worker loads is asked of the scope that the worker's own script is in.
  for (const scope of [`${base}playground`, `${base}assets/`]) {
    await navigator.serviceWorker.register(`${base}playground-offline.js`, { scope });
  }
  const { active } = await navigator.serviceWorker.ready;
  const page = location.href.replace(/[?#].*$/, "");
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const addresses = [page, ...(await linkedBy(page)), ...loaded, ...loadedByWorkers];
  active?.postMessage([...new Set(addresses.filter((address) => address.startsWith(location.origin)))]);
}

/** The scripts and styles of a page. Who came from another page has not loaded all of them. */
async function linkedBy(page: string): Promise<string[]> {
  const text = await (await fetch(page)).text();
  const elements = new DOMParser().parseFromString(text, "text/html").querySelectorAll("script[src], link[href]");
  return [...elements].map((each) => new URL(each.getAttribute("src") ?? each.getAttribute("href") ?? "", page).href);
}
