import { posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { LAYERS } from "./layers.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Whether a path is a place or below it; "node:" also counts as a place. */
const isIn = (path, place) => path === place || path.startsWith(place.endsWith(":") ? place : `${place}/`);

const BY_LENGTH = Object.keys(LAYERS).sort((one, other) => other.length - one.length);

/** The layer of a file, by the longest name that fits. */
const layerOf = (path) => BY_LENGTH.find((layer) => isIn(path, layer));

/**
 * Returns what is wrong with an import, in a sentence, or undefined. `file` is relative to the project, and `specifier`
 * is as written there.
 */
export function importProblem(file, specifier) {
  const layer = layerOf(file);
  if (layer === undefined) return `${file} is in no layer; name one in lint/layers.mjs.`;
  const isFile = specifier.startsWith(".");
  const target = isFile ? posix.join(posix.dirname(file), specifier).replace(/\.js$/, ".ts") : specifier;
  if (isFile && layerOf(target) === layer) return undefined;
  if (LAYERS[layer].some((place) => isIn(target, place))) return undefined;
  return `${layer} may not import ${target}; see lint/layers.mjs.`;
}

/** Checks each import against the table of layers, including imports of types. */
const imports = {
  create(context) {
    const file = relative(ROOT, context.filename).split(sep).join("/");
    const check = ({ source }) => {
      const problem = typeof source?.value === "string" ? importProblem(file, source.value) : undefined;
      if (problem !== undefined) context.report({ node: source, message: problem });
    };
    return {
      ImportDeclaration: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
    };
  },
};

export default { meta: { name: "layers" }, rules: { imports } };
