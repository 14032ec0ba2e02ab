/** Tests that cannot run so, as parts of their names: with a `bind` that runs over node-postgres. */
export const NOT_OVER_PG = [
  // They change the one session of the client that they also bind.
  "comes before another one in the search_path",
  "a new sequence in a schema that the plan creates, and that comes first in the search_path",
  "if the server quotes every identifier",
  "a session that may only read",
  // They expect how postgres.js names a lost connection, or that it waits for a server that starts again.
  "because the connection is cut",
  "a cut connection",
  "does not fail if the running draw fails",
  "a connection that does not answer does not block close",
  "a value that was drawn with",
  "nor if commits do not wait",
];
