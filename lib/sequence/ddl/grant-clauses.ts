import { refuseUnknown } from "../../sql/did-you-mean.js";
import { readOnce } from "../resolve-options.js";
import { type Refuse, type Role, roleList } from "./role.js";

/**
 * A privilege on a sequence, as {@link grantOnSequence} takes it. `usage` allows nextval, currval and lastval; `select`
 * allows currval and lastval; `update` allows nextval and setval. Source: "GRANT" and "Privileges".
 */
export type SequencePrivilege = "usage" | "select" | "update" | "all";

/** Options of every GRANT: {@link grantOnSequence}, {@link grantOnAllSequences} and {@link grantOnFutureSequences}. */
export interface GrantOptions {
  /** Whether the roles may grant the privileges to others. Not possible for `public`. Default: false. */
  readonly withGrantOption?: boolean | undefined;
}

/**
 * Options of every REVOKE: {@link revokeOnSequence}, {@link revokeOnAllSequences} and {@link revokeOnFutureSequences}.
 */
export interface RevokeOptions {
  /** Whether to revoke only the right to grant the privileges to others. Default: false. */
  readonly grantOptionFor?: boolean | undefined;
  /** Whether to revoke what the roles have granted to others as well; otherwise the server refuses. Default: false. */
  readonly cascade?: boolean | undefined;
}

const PRIVILEGES: readonly string[] = ["usage", "select", "update", "all"] satisfies SequencePrivilege[];

/** Writes a GRANT. `on` says on what, such as `all sequences in schema "billing"`. */
export function grantText(
  refuse: Refuse,
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  on: string,
  roles: Role | readonly Role[],
  options: GrantOptions,
): string {
  const { withGrantOption = false } = known(refuse, options, ["withGrantOption"]);
  const list = roleList(refuse, roles);
  if (withGrantOption && list.includes("public")) {
    refuse("withGrantOption is for roles, not for public", "Grant without it, or name the roles.");
  }
  const text = `grant ${privilegeList(refuse, privileges)} on ${on} to ${list.join(", ")}`;
  return withGrantOption ? `${text} with grant option` : text;
}

/** Writes a REVOKE. */
export function revokeText(
  refuse: Refuse,
  privileges: SequencePrivilege | readonly SequencePrivilege[],
  on: string,
  roles: Role | readonly Role[],
  options: RevokeOptions,
): string {
  const { grantOptionFor = false, cascade = false } = known(refuse, options, ["grantOptionFor", "cascade"]);
  const what = `${grantOptionFor ? "grant option for " : ""}${privilegeList(refuse, privileges)}`;
  return `revoke ${what} on ${on} from ${roleList(refuse, roles).join(", ")}${cascade ? " cascade" : ""}`;
}

function privilegeList(refuse: Refuse, privileges: SequencePrivilege | readonly SequencePrivilege[]): string {
  const list: readonly string[] = [privileges].flat();
  const unknown = list.find((privilege) => !PRIVILEGES.includes(privilege));
  if (unknown !== undefined || list.length === 0) {
    refuse(`the privileges of a sequence are ${PRIVILEGES.join(", ")}, not ${JSON.stringify(unknown ?? [])}`);
  }
  if (list.includes("all") && list.length > 1) refuse("the privilege all includes the others, and stands alone");
  return list.join(", ");
}

function known<Options extends object>(
  refuse: Refuse,
  given: Options,
  names: readonly (keyof Options & string)[],
): Options {
  const options = readOnce(given);
  refuseUnknown(options, names, refuse);
  return options;
}
