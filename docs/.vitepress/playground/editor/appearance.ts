import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** The colors come from the theme of the site, so the editor is dark when the site is. */
const theme = EditorView.theme({
  "&": { fontSize: "14px", color: "var(--vp-c-text-1)", backgroundColor: "var(--vp-c-bg)", height: "100%" },
  ".cm-scroller": { fontFamily: "var(--vp-font-family-mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--vp-c-text-1)" },
  ".cm-cursor": { borderLeftColor: "var(--vp-c-text-1)" },
  ".cm-gutters": {
    color: "var(--vp-c-text-2)",
    backgroundColor: "var(--vp-c-bg-alt)",
    borderRight: "1px solid var(--vp-c-divider)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--playground-active)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--playground-selection)",
  },
  ".cm-tooltip": {
    color: "var(--vp-c-text-1)",
    backgroundColor: "var(--vp-c-bg-elv)",
    border: "1px solid var(--vp-c-border)",
    maxWidth: "min(36rem, 90vw)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--vp-c-text-1)",
    backgroundColor: "var(--playground-selection)",
  },
  ".cm-diagnostic": { whiteSpace: "pre-wrap" },
  ".hover-hint": {
    padding: "0.4rem 0.6rem",
    whiteSpace: "pre-wrap",
    fontFamily: "var(--vp-font-family-mono)",
    fontSize: "12px",
    maxHeight: "16rem",
    overflow: "auto",
  },
  ".cm-panels": { color: "var(--vp-c-text-1)", backgroundColor: "var(--vp-c-bg-alt)" },
});

const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--playground-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--playground-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--playground-number)" },
  { tag: [tags.comment], color: "var(--vp-c-text-2)", fontStyle: "italic" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--playground-function)" },
  { tag: [tags.typeName, tags.className], color: "var(--playground-type)" },
]);

export const appearance = [theme, syntaxHighlighting(highlighting)];
