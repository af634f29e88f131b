/** Called when a program has nothing left to do: at its exit it tells how long something kept it alive. */
export function reportIdle(): void {
  const since = performance.now();
  process.once('exit', () => console.log(`idle for ${Math.round(performance.now() - since)} ms`));
}
