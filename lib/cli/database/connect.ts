import type { Database } from "../../index.js";
import { isServerError } from "../../internal.js";
import { shownName } from "../../server/names.js";
import type { Settings } from "../config/settings.js";
import { rememberUrlSecrets } from "../terminal/redact.js";
import { type ShownText, text } from "../terminal/shown-text.js";
import { cancellable } from "../terminal/signals.js";
import { cannotConnect, shownHost } from "./cannot-connect.js";
import { chooseDriver } from "./choose-driver.js";
import { type Client, CONNECT_TIMEOUT_S, type OpenClient, type Target } from "./client.js";
import { type DatabaseUrl, type Host, readUrl } from "./database-url.js";
import { hasTls } from "./probe.js";
import { tlsOf } from "./tls.js";
import type { SessionAttributes } from "./url-parameters.js";

const END_TIMEOUT_MS = 1000;

/** Runs a function with a connection that is closed afterwards, and that a signal cancels. */
export async function withDatabase<Result>(
  { url, urlFrom, driver }: Pick<Settings, "url" | "urlFrom" | "driver">,
  use: (db: Database, target: ShownText, running: Running) => Promise<Result>,
): Promise<Result> {
  rememberUrlSecrets(url);
  const open = await chooseDriver(driver);
  const { client, target, session } = await connect(readUrl(url, urlFrom), open);
  const running = { pid: session.pid };
  const cancel = async () => {
    await cancelBackend(open(target), running.pid).catch(() => {});
    await client.end(0);
  };
  return cancellable(cancel, async () => {
    try {
      return await use(client.db, describe(session, target), running);
    } finally {
      await client.end(END_TIMEOUT_MS);
    }
  });
}

interface Connected {
  readonly client: Client;
  readonly target: Target;
  readonly session: Session;
}

/** The server's process that a signal cancels. After a lost connection it is another one. */
export interface Running {
  pid: number;
}

/** What the first answer of a server says. */
interface Session {
  /** The number of the server's process. */
  readonly pid: number;
  readonly database: string;
  readonly user: string;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
}

/** Connects to the first host that answers and has the attributes that the URL asks for. */
async function connect(url: DatabaseUrl, open: OpenClient): Promise<Connected> {
  const { sessionAttributes } = url.wish;
  let problem: unknown;
  // After all others, a primary is also taken.
  const rounds: (SessionAttributes | undefined)[] =
    sessionAttributes === "prefer-standby" ? ["standby", undefined] : [sessionAttributes];
  for (const attributes of rounds) {
    for (const host of url.hosts) {
      try {
        return await connectTo(url, host, open, attributes);
      } catch (error) {
        problem = error;
        if (isServerError(error) && error.code !== STARTING) throw cannotConnect(url, error);
      }
    }
  }
  throw cannotConnect(url, problem);
}

/** The SQLSTATE of a server that starts or stops. Another host may answer. */
const STARTING = "57P03";

async function connectTo(
  { database, user, password, wish }: DatabaseUrl,
  host: Host,
  open: OpenClient,
  attributes: SessionAttributes | undefined,
): Promise<Connected> {
  const isSocket = host.host.startsWith("/");
  const speaksTls = await hasTls(isSocket ? { path: shownHost(host) } : host, CONNECT_TIMEOUT_S * 1000);
  const target: Target = {
    ...host,
    database,
    user,
    password,
    tls: isSocket ? false : tlsOf(wish, host.host, speaksTls),
    prepare: wish.prepare ?? true,
    server: { application_name: "nextval", ...wish.server },
  };
  const client = open(target);
  try {
    const session = await firstAnswer(client.db);
    if (attributes !== undefined && !HAS_ATTRIBUTES[attributes](session)) {
      throw new Error(`the server is not ${attributes}, which target_session_attrs asks for`);
    }
    return { client, target, session };
  } catch (error) {
    await client.end(0);
    throw error;
  }
}

const HAS_ATTRIBUTES: Readonly<Record<SessionAttributes, (session: Session) => boolean>> = {
  "read-write": ({ isReadOnly }) => !isReadOnly,
  "read-only": ({ isReadOnly }) => isReadOnly,
  primary: ({ isStandby }) => !isStandby,
  standby: ({ isStandby }) => isStandby,
  "prefer-standby": ({ isStandby }) => isStandby,
};

async function firstAnswer(db: Database): Promise<Session> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(), { code: "CONNECT_TIMEOUT" })), CONNECT_TIMEOUT_S * 1000);
  });
  try {
    const session = db<Session>`
      select pg_catalog.pg_backend_pid() as pid, pg_catalog.current_database() as database, current_user as user,
        pg_catalog.pg_is_in_recovery() as "isStandby",
        pg_catalog.current_setting('transaction_read_only')::pg_catalog.bool as "isReadOnly"`.one();
    return await Promise.race([session, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Names the database that may be changed: `shop at db.example.com:5432 as deploy`. */
function describe({ database, user }: Session, target: Host): ShownText {
  return text`${shownName(database)} at ${shownHost(target)} as ${shownName(user)}`;
}

/** Cancels the statement of a server process, which may be waiting for a lock. */
async function cancelBackend({ db, end }: Client, pid: number): Promise<void> {
  try {
    await db`
      select pg_catalog.pg_cancel_backend(pid) from pg_catalog.pg_stat_activity
      where pid operator(pg_catalog.=) ${pid}::pg_catalog.int4
        and datname operator(pg_catalog.=) pg_catalog.current_database()
        and usename operator(pg_catalog.=) current_user`;
  } finally {
    await end(END_TIMEOUT_MS);
  }
}
