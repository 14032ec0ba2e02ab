import type { MarkdownOptions } from "vitepress";

type Transformer = NonNullable<MarkdownOptions["codeTransformers"]>[number];

const PROMPT = "$ ";
const NOT_COPIED = "vp-copy-ignore";

/** Lets the button that copies a console copy its commands, without the prompt and without what they print. */
export const copyCommands: Transformer = {
  name: "copied-commands",
  line(line) {
    if (this.options.lang !== "console") return;
    const [first] = line.children;
    const [text] = first?.type === "element" ? first.children : [];
    if (first?.type !== "element" || text?.type !== "text" || !text.value.startsWith(PROMPT)) {
      this.addClassToHast(line, NOT_COPIED);
      return;
    }
    text.value = text.value.slice(PROMPT.length);
    const prompt = { ...first, children: [{ type: "text" as const, value: PROMPT }] };
    line.children.unshift({ ...prompt, properties: { ...first.properties, class: NOT_COPIED } });
  },
};
