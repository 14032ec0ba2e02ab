import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript-5";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export interface PublicMember {
  readonly name: string;
  readonly text: string;
}

export interface PublicName {
  /** `nextval` or `nextval/catalog`. */
  readonly subpath: string;
  readonly name: string;
  /** Whether it exists in types only, as an interface or an alias. */
  readonly isType: boolean;
  /** The docstrings of all its declarations, without stars, and with their tags. */
  readonly text: string;
  /** What has a docstring of its own inside it. */
  readonly members: readonly PublicMember[];
}

/**
 * Reads every public name of every subpath from the source, with its docstring. It loads no packages and no library of
 * the language, so it takes a fraction of a compilation.
 */
export function readPublicNames(): PublicName[] {
  const entries = entryPoints();
  const options: ts.CompilerOptions = { noLib: true, target: ts.ScriptTarget.ES2022, types: [] };
  const host = ts.createCompilerHost(options, true);
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => {
      const path = text.startsWith(".") ? join(dirname(from), text.replace(/\.js$/, ".ts")) : undefined;
      if (path === undefined || !ts.sys.fileExists(path)) return { resolvedModule: undefined };
      return { resolvedModule: { resolvedFileName: path, extension: ts.Extension.Ts } };
    });
  const program = ts.createProgram(Object.values(entries), options, host);
  const checker = program.getTypeChecker();
  return Object.entries(entries).flatMap(([subpath, path]) => {
    const file = checker.getSymbolAtLocation(program.getSourceFile(path)!)!;
    return checker.getExportsOfModule(file).map((exported): PublicName => {
      const { name } = exported;
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const isType = (symbol.flags & (ts.SymbolFlags.Value | ts.SymbolFlags.Class)) === 0;
      return {
        subpath,
        name,
        isType,
        text: docstringsOf(symbol.declarations ?? []),
        members: membersOf(symbol, checker),
      };
    });
  });
}

/** The entry points of the package by subpath, as tsconfig.json finds them. */
function entryPoints(): Record<string, string> {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => readFileSync(path, "utf8"));
  const { paths } = (config as { compilerOptions: { paths: Record<string, [string]> } }).compilerOptions;
  return Object.fromEntries(Object.entries(paths).map(([subpath, [path]]) => [subpath, join(ROOT, path)]));
}

function docstringsOf(declarations: readonly ts.Declaration[]): string {
  const texts = declarations.flatMap((declaration) => {
    const owner = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    return ts
      .getJSDocCommentsAndTags(owner)
      .filter(ts.isJSDoc)
      .map((doc) => doc.getText().replace(/^\/\*\*|\*\/$/g, ""));
  });
  return texts
    .join("\n")
    .replace(/^ *\* ?/gm, "")
    .trim();
}

/** The members that programs can see, of a class, an interface or an alias of an object type. */
function membersOf(symbol: ts.Symbol, checker: ts.TypeChecker): PublicMember[] {
  const members = symbol.declarations?.flatMap((declaration) => {
    if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) return [...declaration.members];
    if (ts.isTypeAliasDeclaration(declaration) && ts.isTypeLiteralNode(declaration.type)) {
      return [...declaration.type.members];
    }
    return [];
  });
  const byName = new Map<string, string>();
  for (const member of members ?? []) {
    if (ts.canHaveModifiers(member) && member.modifiers?.some(isHidden)) continue;
    const name = member.name;
    if (name === undefined || ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name)) continue;
    // `readonly join: typeof join` has the docstring of the function.
    const type = ts.isPropertySignature(member) ? member.type : undefined;
    const query = type && ts.isTypeQueryNode(type) ? checker.getSymbolAtLocation(type.exprName) : undefined;
    const owner = query && query.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(query) : query;
    const text = docstringsOf(owner?.declarations ?? [member]);
    if (/@internal\b/.test(text)) continue;
    byName.set(name.getText(), [byName.get(name.getText()) ?? "", text].join("\n").trim());
  }
  return [...byName].map(([name, text]) => ({ name, text }));
}

function isHidden({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword;
}
