// The module itself is JavaScript because supervisor.mjs, which a bare Node runs, imports it too.
export function serverPackage(): Promise<{ native: string; version: string; major: number }>;
