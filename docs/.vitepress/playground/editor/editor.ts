import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { javascript } from "@codemirror/lang-javascript";
import { type Diagnostic, linter, lintGutter } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap, type Tooltip } from "@codemirror/view";
import { basicSetup } from "codemirror";
import type { Remote } from "comlink";
import type { CompilerService, Problem } from "../compiler/compiler.worker";
import { appearance } from "./appearance";

/** How long after the last key the program is checked. */
const CHECK_DELAY_MS = 100;

export interface EditorEvents {
  onChange(text: string): void;
  /** A check begins when this is done. */
  onCheck(text: string): Promise<void>;
  onProblems(problems: Problem[]): void;
  onRun(): void;
}

/** Makes an editor whose errors, hovers and completions are those of the compiler. */
export function createEditor(
  parent: HTMLElement,
  text: string,
  compiler: Remote<CompilerService>,
  events: EditorEvents,
): EditorView {
  const check = async (view: EditorView): Promise<Diagnostic[]> => {
    const checked = view.state.doc.toString();
    await events.onCheck(checked);
    const problems = await compiler.problems(checked);
    if (view.state.doc.toString() !== checked) return [];
    events.onProblems(problems);
    return problems.map(({ from, to, message, severity }) => ({
      from: Math.min(from, checked.length),
      to: Math.min(Math.max(to, from + 1), checked.length),
      message,
      severity,
    }));
  };
  const hover = async (view: EditorView, position: number): Promise<Tooltip | null> => {
    const found = await compiler.hover(view.state.doc.toString(), position);
    return found === undefined
      ? null
      : { pos: found.from, end: found.to, above: true, create: () => hint(found.message) };
  };
  const complete = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const { state, pos, explicit } = context;
    const word = context.matchBefore(/[\w$]+/);
    const isAfterDot = state.sliceDoc(pos - 1, pos) === ".";
    if (word === null && !isAfterDot && !explicit) return null;
    const options = await compiler.completions(state.doc.toString(), pos);
    const from = word?.from ?? pos;
    return { from, options: options.map(({ label, kind }) => ({ label, type: kind })), validFor: /^[\w$]*$/ };
  };
  const run = () => {
    events.onRun();
    return true;
  };
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
        basicSetup,
        javascript({ typescript: true }),
        appearance,
        linter(check, { delay: CHECK_DELAY_MS }),
        lintGutter(),
        hoverTooltip(hover, { hideOnChange: true }),
        autocompletion({ override: [complete], maxRenderedOptions: 50 }),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "Program", autocapitalize: "off", spellcheck: "false" }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) events.onChange(state.doc.toString());
        }),
      ],
    }),
  });
}

function hint(text: string): { dom: HTMLElement } {
  const dom = document.createElement("div");
  dom.className = "hover-hint";
  dom.textContent = text;
  return { dom };
}
