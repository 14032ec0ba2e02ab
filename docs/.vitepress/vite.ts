import type { UserConfig } from "vitepress";
import llms from "vitepress-plugin-llms";
import { library } from "./library";
import { playground } from "./playground/build/plugin";

/** How Vite bundles the code of the site. */
export const vite: NonNullable<UserConfig["vite"]> = {
  plugins: [playground(), pagesAsText()],
  resolve: { alias: library.map(({ name, code }) => ({ find: new RegExp(`^${name}$`), replacement: code })) },
  worker: { format: "es", plugins: () => [playground()] },
  optimizeDeps: {
    // PGlite finds its files relative to its modules.
    exclude: ["@electric-sql/pglite"],
    // The development server would find them when the playground is opened, and load the page again during a first run.
    include: [
      "@codemirror/autocomplete",
      "@codemirror/lang-javascript",
      "@codemirror/language",
      "@codemirror/lint",
      "@codemirror/state",
      "@codemirror/view",
      "@lezer/highlight",
      "@typescript/vfs",
      "codemirror",
      "comlink",
    ],
  },
  // The playground loads large files, but only when it is opened.
  build: { chunkSizeWarningLimit: 5_000 },
};

/** Writes llms.txt, llms-full.txt, and each page as Markdown beside its HTML. */
function pagesAsText() {
  return llms({ description: "PostgreSQL sequences as first-class, type-checked TypeScript values" });
}
