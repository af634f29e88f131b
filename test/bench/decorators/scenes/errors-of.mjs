/** What apps logged for these routes or jobs: the reason of what the client saw. */
export async function errorsOf(apps, names) {
  const logged = await Promise.all(apps.flatMap((app) => names.map((name) => app.errorsOf(name))));
  return [...new Set(logged.flat())];
}
