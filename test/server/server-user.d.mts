// The module itself is JavaScript because supervisor.mjs, which a bare Node runs, imports it too.
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

export function serverUser(): Promise<ServerUser | undefined>;
export function succeedsAs(user: ServerUser | undefined, command: string, args: readonly string[]): Promise<boolean>;
