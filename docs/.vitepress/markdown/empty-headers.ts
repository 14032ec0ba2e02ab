import type { MarkdownRenderer } from "vitepress";

/** Makes the empty headers of tables plain cells, because a screen reader would announce a header without a name. */
export function emptyHeadersAreCells(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("empty-headers", ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      if (token.type !== "th_open" || tokens[index + 1]?.content !== "") continue;
      token.tag = "td";
      const close = tokens[index + 2];
      if (close !== undefined) close.tag = "td";
    }
  });
}
