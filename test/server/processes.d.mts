// The module itself is JavaScript because supervisor.mjs, which a bare Node runs, imports it too.
export interface Process {
  pid: number;
  parent: number;
  state: string;
}

export function descendantsOf(pid: number): Promise<Process[]>;
export function stillRunning(pids: readonly number[]): Promise<number[]>;
export function waitUntilGone(pids: readonly number[], milliseconds: number): Promise<boolean>;
