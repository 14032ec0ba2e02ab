// The theme without the font that it would load: the reader's own is as good.
import TwoslashFloatingVue from "@shikijs/vitepress-twoslash/client";
import "@shikijs/vitepress-twoslash/style.css";
import { type Theme, useData } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import { nextTick, onMounted, watch } from "vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => void app.use(TwoslashFloatingVue),
  // The start page has no `main` of its own, which a screen reader leads to.
  setup() {
    const { frontmatter } = useData();
    const mark = async () => {
      await nextTick();
      const content = document.getElementById("VPContent");
      if (frontmatter.value["layout"] === "home") content?.setAttribute("role", "main");
      else content?.removeAttribute("role");
    };
    onMounted(() => watch(() => frontmatter.value["layout"] as unknown, mark, { immediate: true }));
  },
} satisfies Theme;
