import type postgres from "postgres";
import { UNKNOWN } from "../../handle/values/write-values.js";

/** A parameter of the driver: `client.typed(text, type)`. */
export type Parameter = ReturnType<postgres.Sql["typed"]>;

/**
 * Returns a function that makes parameters of written values.
 *
 * The driver looks up serializers by the text of the type, and sends the type as a number. So "016" declares 16, and no
 * serializer of the driver touches the value: they run after a statement was queued (postgres.js 3.4.9), and if one
 * fails, every later answer on the connection goes to another statement.
 */
export function parameterMaker(client: Pick<postgres.Sql, "typed">): (text: string | null, type: number) => Parameter {
  return (text, type) => {
    const declared = type === UNKNOWN ? type : (`0${type}` as unknown as number);
    return client.typed(text as never, declared);
  };
}

/**
 * Lists the types that the parameters declare; empty if there are none. A connection prepares a text once for each
 * list.
 */
export function typesOf(parameters: readonly Parameter[]): string {
  let types = "";
  for (let at = 0; at < parameters.length; at++) {
    const { type } = parameters[at] as Parameter;
    if (type !== UNKNOWN) types += `${at}:${type} `;
  }
  return types;
}
