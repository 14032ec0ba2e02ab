/** What a user may have. */
export interface Combination {
  readonly manager: "npm" | "pnpm";
  /** Of package.json. */
  readonly type: "module" | "commonjs";
  /** Of the compiler, as `npm install typescript@...` takes it. */
  readonly typescript: "5.9" | "7";
}

/** What most have. */
export const USUAL: Combination = { manager: "npm", type: "module", typescript: "7" };

export const COMBINATIONS: readonly Combination[] = (["npm", "pnpm"] as const).flatMap((manager) =>
  (["module", "commonjs"] as const).flatMap((type) =>
    (["7", "5.9"] as const).map((typescript) => ({ manager, type, typescript })),
  ),
);

export function nameOf({ manager, type, typescript }: Combination): string {
  return `${manager}, ${type === "module" ? "ES modules" : "CommonJS"}, TypeScript ${typescript}`;
}
