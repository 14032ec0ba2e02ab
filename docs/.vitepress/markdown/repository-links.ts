import { copyFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { MarkdownRenderer } from "vitepress";

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The folder of the site that has the linked files of the repository. */
const FOLDER = "repository";

/** Files that a browser would download or run rather than show, or that VitePress takes for pages. */
const SHOWN_AS_TEXT = /\.(cjs|html|js|md|sql|ts)$/;

/**
 * Makes links of a page to files outside of `docs` work on the site: linked files are published with it. A link to a
 * folder becomes its text. Adds the files to `published`. A link that leads nowhere stays, and fails the build.
 */
export function repositoryLinks(markdown: MarkdownRenderer, published: Set<string>): void {
  markdown.core.ruler.push("repository-links", ({ tokens, env }) => {
    const { path } = env as { path?: string };
    // A title of the front matter has no links.
    if (path === undefined) return;
    for (const { children } of tokens) if (children !== null) rewrite(children, dirname(path), published);
  });
}

function rewrite(tokens: Token[], folder: string, published: Set<string>): void {
  for (const [at, token] of tokens.entries()) {
    const href = token.type === "link_open" ? token.attrGet("href") : null;
    const file = href === null ? undefined : outsideOfDocs(href, folder);
    if (file === undefined) continue;
    if (statSync(join(root, file)).isFile()) {
      published.add(file);
      token.attrSet("href", `/${publishedPath(file)}`);
    } else {
      const end = tokens.slice(at).find(({ type }) => type === "link_close");
      for (const hidden of [token, end]) if (hidden !== undefined) hidden.type = "text";
    }
  }
}

/** Returns the path in the repository that a relative link leads to, if it exists and is not a page. */
function outsideOfDocs(href: string, folder: string): string | undefined {
  if (!href.startsWith(".")) return undefined;
  const path = relative(root, join(folder, decodeURI(href.replace(/[?#].*$/, ""))));
  const isOutside = !path.startsWith("docs/") && !path.startsWith("..");
  return isOutside && existsSync(join(root, path)) ? path : undefined;
}

function publishedPath(file: string): string {
  return join(FOLDER, SHOWN_AS_TEXT.test(file) ? `${file}.txt` : file);
}

/** Copies the files into the built site. */
export function publishLinkedFiles(published: ReadonlySet<string>, site: string): void {
  for (const file of published) {
    const target = join(site, publishedPath(file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, file), target);
  }
}
