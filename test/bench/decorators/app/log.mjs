import { AsyncLocalStorage } from 'node:async_hooks';
import { tell } from './stage.mjs';

const route = new AsyncLocalStorage();

/** Tells which request an error was logged for. */
export const alongRoutes = (request, _response, next) => route.run(request.path.slice(1), next);

const firstLine = (error) => String(error instanceof Error ? `${error.name}: ${error.message}` : error).split('\n')[0];

/** Only errors matter here. */
export const logger = {
  log: () => undefined,
  warn: () => undefined,
  error: (error, ...rest) => tell({ event: 'error', name: route.getStore() ?? rest.at(-1), text: firstLine(error) }),
  fatal: (error) => tell({ event: 'error', name: 'fatal', text: firstLine(error) }),
};
