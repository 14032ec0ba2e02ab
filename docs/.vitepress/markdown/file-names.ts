import type { MarkdownRenderer } from "vitepress";

/** Shows the name of the file above a block of code that has one, as in `ts src/sequences.ts`. */
export function showFileNames({ renderer, utils }: MarkdownRenderer): void {
  const { fence } = renderer.rules;
  renderer.rules.fence = (tokens, at, ...rest) => {
    const file = tokens[at]?.info.split(" ").find((word, index) => index > 0 && word.includes("."));
    const name = file === undefined ? "" : `<p class="file-name"><code>${utils.escapeHtml(file)}</code></p>\n`;
    return name + (fence?.(tokens, at, ...rest) ?? "");
  };
}
