// Keeps the playground for visits without a network. Its scopes are that page and its workers, so it costs the other
// pages nothing.
const NAME = "playground";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page lists everything that it has loaded. What an older version of it had loaded is dropped.
self.addEventListener("message", (event) => {
  if (Array.isArray(event.data)) event.waitUntil(keep(event.data.map(String)));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(request.mode === "navigate" ? fromNetworkFirst(request) : fromCacheFirst(request));
});

async function keep(addresses) {
  const cache = await caches.open(NAME);
  for (const { url } of await cache.keys()) if (!addresses.includes(url)) await cache.delete(url);
  for (const address of addresses) {
    // The name of an asset changes with its content.
    const isKept = address.includes("/assets/") && (await cache.match(address)) !== undefined;
    if (!isKept) await cache.add(address);
  }
}

async function fromNetworkFirst(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (kept === undefined) throw error;
    return kept;
  }
}

async function fromCacheFirst(request) {
  return (await caches.match(request)) ?? fetch(request);
}
