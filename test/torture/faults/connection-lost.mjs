/** Whose command was under way when the server went. */
export const isConnectionLost = (error) =>
  /Connection is closed|ECONNREFUSED|ECONNRESET|EPIPE|LOADING|Reached the max retries|not ready/.test(String(error));
