import { userInfo } from "node:os";
import { throwCommandError } from "../terminal/command-error.js";
import { applyParameter, type Wish } from "./url-parameters.js";

/**
 * The variables of the drivers, with the parameters that they stand for. Those that follow win. Source: "Environment
 * Variables" of libpq.
 */
const VARIABLES: readonly (readonly [variable: string, parameter: string])[] = [
  ["PGHOST", "host"],
  ["PGPORT", "port"],
  ["PGDATABASE", "dbname"],
  ["PGUSER", "user"],
  ["PGPASSWORD", "password"],
  ["PGSSLMODE", "sslmode"],
  ["PGSSLROOTCERT", "sslrootcert"],
  ["PGAPPNAME", "application_name"],
  ["PGOPTIONS", "options"],
  ["PGTARGETSESSIONATTRS", "target_session_attrs"],
  // Variables of postgres.js.
  ["PGUSERNAME", "user"],
  ["PGSSL", "ssl"],
];

type Address = Pick<Wish, "host" | "port" | "user" | "password" | "database">;

/**
 * Applies the variables to the settings, so both drivers follow the same ones. Returns the parts of the address, which
 * count less than those of a URL.
 */
export function applyVariables(wish: Wish): Address {
  for (const [variable, parameter] of VARIABLES) {
    const value = process.env[variable] ?? "";
    const problem = value === "" ? undefined : applyParameter(wish, parameter, value);
    if (problem !== undefined) throwCommandError(`The environment has ${variable}, ${problem[0]}`, problem[1]);
  }
  const { host, port, user, password, database } = wish;
  for (const part of ["host", "port", "user", "password", "database"] as const) delete wish[part];
  return { host, port, user, password, database } as Address;
}

/** Returns the name of the user that runs the command. */
export function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // The user of a container may have no name.
    return process.env["USER"] ?? process.env["USERNAME"] ?? "";
  }
}
