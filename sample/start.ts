import { choosePort } from './launcher/choose-port.js';
import { interrupted } from './launcher/interrupted.js';
import { launch } from './launcher/launch.js';
import { openBackend } from './redis/open-backend.js';

const interruption = interrupted();
try {
  const port = await choosePort(process.env.PORT);
  const backend = await openBackend();
  console.log(backend.description);
  await launch(backend, port, interruption).finally(() => backend.close());
  console.log('Closed.');
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
