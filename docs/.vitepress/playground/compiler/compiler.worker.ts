/** TypeScript, in a worker of the page. */
import { createSystem, createVirtualTypeScriptEnvironment, type VirtualTypeScriptEnvironment } from "@typescript/vfs";
import { expose } from "comlink";
import type TypeScript from "typescript";
import compiler from "virtual:playground/compiler";
import declarations from "virtual:playground/declarations";

/** A place of the program that the compiler says something about. */
export interface Remark {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export interface Problem extends Remark {
  readonly severity: "error" | "warning" | "info";
  readonly line: number;
}

export interface Completion {
  readonly label: string;
  readonly kind: string;
}

const FILE = "/program.ts";

type Compiler = typeof TypeScript;

let loading: Promise<Compiler> | undefined;
const compilerLoaded = () =>
  (loading ??= import(/* @vite-ignore */ compiler).then(({ default: ts }: { default: Compiler }) => ts));

let environment: VirtualTypeScriptEnvironment | undefined;

/** It takes a second, so what needs only the compiler does not wait for it. */
function createEnvironment(ts: Compiler): VirtualTypeScriptEnvironment {
  const options: TypeScript.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: [],
  };
  const files = new Map([...Object.entries(declarations), [FILE, "export {}"]]);
  return createVirtualTypeScriptEnvironment(createSystem(files), [FILE, "/playground.d.ts"], ts, options);
}

async function withText(text: string) {
  const ts = await compilerLoaded();
  environment ??= createEnvironment(ts);
  // The environment does not accept an empty file.
  if (environment.getSourceFile(FILE)?.text !== text) environment.updateFile(FILE, text || " ");
  return { ts, service: environment.languageService };
}

const service = {
  async problems(text: string): Promise<Problem[]> {
    const { ts, service } = await withText(text);
    const found = [...service.getSyntacticDiagnostics(FILE), ...service.getSemanticDiagnostics(FILE)];
    return found.map(({ start = 0, length = 0, messageText, category, file }) => ({
      from: start,
      to: start + length,
      line: (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1,
      message: ts.flattenDiagnosticMessageText(messageText, "\n"),
      severity: category === ts.DiagnosticCategory.Error ? "error" : "info",
    }));
  },

  async hover(text: string, position: number): Promise<Remark | undefined> {
    const { ts, service } = await withText(text);
    const found = service.getQuickInfoAtPosition(FILE, position);
    if (found === undefined) return undefined;
    const { start, length } = found.textSpan;
    const parts = [ts.displayPartsToString(found.displayParts), ts.displayPartsToString(found.documentation)];
    return { from: start, to: start + length, message: parts.filter((part) => part !== "").join("\n\n") };
  },

  async completions(text: string, position: number): Promise<Completion[]> {
    const { service } = await withText(text);
    const found = service.getCompletionsAtPosition(FILE, position, {});
    // The sentences of refused options are types, which nobody wants to write.
    return (found?.entries ?? [])
      .filter(({ name }) => !name.includes(": "))
      .map(({ name, kind }) => ({ label: name, kind }));
  },

  /** The program as JavaScript, whose imports are calls of `require`. */
  async compile(text: string): Promise<string> {
    const ts = await compilerLoaded();
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS };
    return ts.transpileModule(text, { compilerOptions }).outputText;
  },

  /** The addresses of this worker and of what it has loaded. */
  loaded: () => [location.href, ...performance.getEntriesByType("resource").map(({ name }) => name)],
};

export type CompilerService = typeof service;

void compilerLoaded().catch(() => {});

expose(service);
