import { defineConfig } from "vitepress";
import { apiSidebar } from "./api/sidebar";
import { anchorOf } from "./markdown/anchors";
import { copyCommands } from "./markdown/copied-commands";
import { emptyHeadersAreCells } from "./markdown/empty-headers";
import { showFileNames } from "./markdown/file-names";
import { continueBlocks, hoverTypes } from "./markdown/hover-types";
import { publishLinkedFiles, repositoryLinks } from "./markdown/repository-links";
import { sidebar } from "./sidebar";
import { vite } from "./vite";

const published = new Set<string>();

export default defineConfig({
  title: "nextval",
  description: "PostgreSQL sequences as first-class, type-checked TypeScript values",
  lang: "en",
  cleanUrls: true,
  head: [["link", { rel: "icon", type: "image/svg+xml", href: "/icon.svg" }]],
  // The packages of the site are a folder of their own.
  srcExclude: ["node_modules/**"],
  markdown: {
    anchor: { slugify: anchorOf },
    // The default themes have comments and keywords that are too pale to read.
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    codeTransformers: [hoverTypes, copyCommands],
    config: (markdown) => {
      repositoryLinks(markdown, published);
      continueBlocks(markdown);
      emptyHeadersAreCells(markdown);
      showFileNames(markdown);
    },
  },
  vite,
  buildEnd: ({ outDir }) => publishLinkedFiles(published, outDir),
  themeConfig: {
    search: { provider: "local" },
    nav: [
      { text: "Guide", link: "/getting-started", activeMatch: "^/(getting-started|guides)" },
      { text: "API", link: "/reference/api/" },
      { text: "Playground", link: "/playground" },
    ],
    sidebar: { "/": sidebar, "/reference/api/": apiSidebar },
    outline: { level: [2, 3] },
  },
});
