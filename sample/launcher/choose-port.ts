import { createServer } from 'node:net';
import { freePort } from '../redis/free-port.js';

const DEFAULT_PORT = 3000;

/** The port that `PORT` names; else the default one, or a free one when another program has it. */
export async function choosePort(wanted: string | undefined): Promise<number> {
  if (wanted === undefined || wanted === '') return (await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : freePort();
  const port = Number(wanted);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`PORT is "${wanted}", which is no port.`);
  if (port !== 0 && !(await isFree(port))) throw new Error(`Port ${port}, which PORT names, is in use.`);
  return port === 0 ? freePort() : port;
}

/** Browsers look for localhost at both addresses, so that a program at the other one would be shown instead. */
async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::1'));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'EADDRINUSE' && error.code !== 'EACCES'),
    );
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
