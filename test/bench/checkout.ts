import { fileURLToPath } from "node:url";

/** The name of the variable that says which checkout of the project is measured. */
export const CHECKOUT_VARIABLE = "NEXTVAL_BENCH_CHECKOUT";

/** The folder of the checkout that is measured: this one, or that of `--against`. Ends with a slash. */
export const CHECKOUT = process.env[CHECKOUT_VARIABLE] ?? fileURLToPath(new URL("../../", import.meta.url));
