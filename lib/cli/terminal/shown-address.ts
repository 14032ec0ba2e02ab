/** Formats an address: `db.example.com:5432`, `[::1]:5432`. */
export function shownAddress({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
