import { refuse } from "../../errors.js";
import {
  arrayText,
  type Place,
  refuseUnwritable,
  UNKNOWN,
  wellFormed,
  write,
  type Writer,
  type Written,
} from "../../handle/values/write-values.js";

/** The user's own types, by the number of the type. */
export type Serializers = { readonly [type: number]: ((value: unknown) => unknown) | undefined };

/**
 * A value from `client.typed(value, type)`, `client.json(value)` or `client.array(items, type)`. The user's own types
 * may have serializers for it.
 */
interface Marked {
  readonly value: unknown;
  readonly type: unknown;
  readonly array?: { readonly [element: number]: number } | undefined;
}

export function isMarked(value: object): value is Marked {
  return "then" in value && typeof value.then === "function" && "value" in value && "type" in value;
}

export function writeMarked(
  marked: Marked,
  serializers: Serializers,
  writer: Writer,
  place: Place,
  at: number,
  path: string,
): Written {
  const { value, array } = marked;
  const type = Number(marked.type ?? 0);
  if (!Number.isInteger(type) || type < 0 || type > 4_294_967_295) {
    return refuse(
      place(at, path),
      `is marked with the type ${String(marked.type)}, which is not the object id of a type`,
    );
  }
  const serialize = serializers[type];
  const serializeItem = serialize && ((item: unknown) => serialized(serialize, item, place, at, path));
  if (array !== undefined) {
    if (!Array.isArray(value)) return refuse(place(at, path), "is marked as an array and is not one");
    const text = arrayText(value, writer, place, at, path, 1, serializeItem);
    return written(text, array[type] ?? 0);
  }
  if (value === null || value === undefined) return written(null, type);
  return written(serializeItem?.(value) ?? write(value, writer, place, at, path).text, type);
}

function written(text: string | null, type: number): Written {
  return { text, type: type === 0 ? UNKNOWN : type, isStated: true };
}

function serialized(
  serialize: (value: unknown) => unknown,
  value: unknown,
  place: Place,
  at: number,
  path: string,
): string {
  let text: unknown;
  try {
    text = serialize(value);
  } catch (error) {
    return refuseUnwritable(place(at, path), "the client's serializer", error);
  }
  if (typeof text === "string") return wellFormed(text, place, at, path);
  return refuse(
    place(at, path),
    `became ${text === null ? "null" : `a ${typeof text}`} in the client's serializer, which must return a string`,
  );
}
