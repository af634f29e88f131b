export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Commands that `client` sends while `work` runs, for each of its cycles. The server's own counts include what scripts call. */
export async function commandsPerCycle(client, work, cycles) {
  const { sendCommand } = client;
  let sent = 0;
  client.sendCommand = (...args) => {
    sent += 1;
    return sendCommand.apply(client, args);
  };
  await work();
  client.sendCommand = sendCommand;
  return sent / cycles;
}

export function printTable(rows, asJson) {
  if (asJson) return console.log(JSON.stringify(rows, null, 2));
  console.log('| scene | lock | µs per cycle | × by hand | commands per cycle |');
  console.log('|---|---|---:|---:|---:|');
  for (const { scene, lock, microseconds, ratio, commands } of rows) {
    console.log(`| ${scene} | ${lock} | ${microseconds.toFixed(1)} | ${ratio.toFixed(2)} | ${commands.toFixed(2)} |`);
  }
}
