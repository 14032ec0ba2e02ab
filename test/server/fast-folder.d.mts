export function fastFolder(): Promise<string>;
