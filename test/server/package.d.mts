// The module itself is JavaScript because supervisor.mjs, which a bare Node runs, imports it too.
export function serverPackage(): Promise<{ entry: string; version: string; major: number }>;
