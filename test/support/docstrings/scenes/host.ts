import type { DataSource } from "typeorm";

export declare const dataSource: DataSource;
