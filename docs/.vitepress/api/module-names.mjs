import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Converter, ReflectionKind } from "typedoc";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Gives each module of the reference the name that programs import. */
export function load({ converter }) {
  const { paths } = JSON.parse(readFileSync(`${root}tsconfig.json`, "utf8")).compilerOptions;
  const names = new Map(Object.entries(paths).map(([name, [path]]) => [path.replace("./", root), name]));
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const [declaration] = context.getSymbolFromReflection(reflection)?.declarations ?? [];
    reflection.name = names.get(declaration?.fileName) ?? reflection.name;
  });
}
