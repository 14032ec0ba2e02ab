import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DefaultTheme } from "vitepress";

const FOLDER = fileURLToPath(new URL("../../reference/api/", import.meta.url));

/** The generated pages of the API: a part for each module that programs import, in the order of typedoc.json. */
export const apiSidebar: DefaultTheme.SidebarItem[] = [
  { text: "All pages", link: "/getting-started" },
  ...linksOf("").map(({ text, path }) => ({
    text,
    link: `/reference/api/${path.replace(/index$/, "")}`,
    collapsed: text !== "nextval",
    items: linksOf(path).map((each) => ({ text: each.text, link: `/reference/api/${each.path}` })),
  })),
];

/** The list of an index page. There is none before the pages are generated. */
function linksOf(index: string): { text: string; path: string }[] {
  const folder = index.replace(/index$/, "");
  const page = `${FOLDER}${folder}index.md`;
  if (!existsSync(page)) return [];
  return [...readFileSync(page, "utf8").matchAll(/^- \[(.*)\]\((.*)\.md\)$/gm)].map(([, text = "", path = ""]) => ({
    text: text.replaceAll("\\", ""),
    path: `${folder}${path}`,
  }));
}
