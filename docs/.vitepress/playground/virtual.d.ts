declare module "virtual:playground/declarations" {
  const files: Record<string, string>;
  export default files;
}

declare module "virtual:playground/sandbox" {
  const script: string;
  export default script;
}

declare module "virtual:playground/database" {
  const script: string;
  export default script;
}

declare module "virtual:playground/pglite-wasm" {
  const address: string;
  export default address;
}

declare module "virtual:playground/pglite-data" {
  const address: string;
  export default address;
}

declare module "virtual:playground/compiler" {
  const address: string;
  export default address;
}

declare module "virtual:playground/empty-database" {
  const address: string;
  export default address;
}

declare module "object-inspect" {
  export default function inspect(
    value: unknown,
    options?: { depth?: number; quoteStyle?: "single" | "double"; maxStringLength?: number },
  ): string;
}
