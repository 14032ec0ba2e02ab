import type { ServerResponse } from "node:http";
import type { Database } from "nextval";
import type postgres from "postgres";

export { setTimeout } from "node:timers/promises";
export declare const response: ServerResponse;
export declare const source: Database;
export declare const target: Database;
export declare const oldClient: postgres.Sql;
export declare const newClient: postgres.Sql;
