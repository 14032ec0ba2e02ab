import type postgres from "postgres";

/** Drops those of the roles that exist, with all that they own in the database. */
export async function dropRoles(client: postgres.Sql, roles: readonly string[]): Promise<void> {
  for (const role of roles) {
    const [known] = await client`select 1 from pg_roles where rolname = ${role}`;
    if (known !== undefined) await client.unsafe(`drop owned by ${role} cascade; drop role ${role}`);
  }
}
