/** What an app that ran to its end said of each check: lines `ok NAME` or `not ok NAME: REASON`, then `end`. */
export function checksOf(result) {
  const lines = result.stdout.split('\n');
  const checks = lines.flatMap((line) => {
    const [, bad, name, reason] = /^(not )?ok ([^:]*)(?:: (.*))?$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, failure: bad && (reason ?? 'no reason given') }];
  });
  if (!lines.includes('end')) checks.push({ name: 'ran to its end', failure: result.text });
  else if (result.timedOut)
    checks.push({ name: 'ends by itself', failure: 'something that the library opened keeps the process alive' });
  else
    checks.push({
      name: 'ends by itself',
      failure: result.code === 0 ? undefined : `ended with ${result.code}\n${result.text}`,
    });
  return checks;
}
