import { SQL, type Sql } from "../../sql/fragment.js";
import { quoteIdentifier } from "../../sql/helpers/identifier.js";
import { nameProblem, throwSequenceError } from "../sequence-name.js";
import type { AnySequence } from "../sequence.js";

/**
 * A role in a statement. A string is its name, which is quoted; `"public"` stands for all roles, because no role can be
 * named so.
 *
 * ```ts
 * grantOnSequence(orderSeq, "usage", "app"); // grant usage on sequence "order_seq" to "app"
 * grantOnSequence(orderSeq, "usage", sql`session_user`); // grant usage on sequence "order_seq" to session_user
 * ```
 *
 * The roles of the session are fragments: `` sql`current_user` ``, `` sql`current_role` `` and `` sql`session_user` ``.
 * A role may be named "current_user", so the string is the name of that role.
 */
export type Role = string | Sql;

/** Throws an error about a statement. The problem follows the name of the sequence or of the function. */
export type Refuse = (problem: string, hint?: string) => never;

/** Makes errors about a sequence: their message begins with its name. */
export function refuseAbout(sequence: AnySequence): Refuse {
  return (problem, hint) => throwSequenceError(sequence, problem, "INVALID_ARGUMENT", { hint });
}

const KEYWORDS = ["public", "current_user", "current_role", "session_user"];

/** Writes the roles of a statement: `"app", public, current_user`. */
export function roleList(refuse: Refuse, roles: Role | readonly Role[]): string[] {
  const list = [roles].flat() as Role[];
  return list.length === 0 ? refuse("at least one role is needed") : list.map((role) => roleText(refuse, role));
}

/** Like `roleList`, for a place that takes no `public`, such as the owner of a sequence. */
export function realRoleList(refuse: Refuse, roles: Role | readonly Role[]): string[] {
  const list = roleList(refuse, roles);
  return list.includes("public") ? refuse("public stands for all roles and is not one itself", "Name one role.") : list;
}

function roleText(refuse: Refuse, role: Role): string {
  if (typeof role === "object" && role !== null && SQL in role) {
    const { text } = role[SQL];
    const keyword = text.trim().toLowerCase();
    if (KEYWORDS.includes(keyword)) return keyword;
    return refuse(`a role is a name or a fragment of ${KEYWORDS.join(", ")}, not sql\`${text.slice(0, 60)}\``);
  }
  if (role === "public") return role;
  const problem = nameProblem(role);
  return problem === undefined ? quoteIdentifier(role as string) : refuse(problem);
}
