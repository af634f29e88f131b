/** Resolves when somebody wants this process to end: ctrl-c, `kill`, or a closed terminal. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
  });
}
