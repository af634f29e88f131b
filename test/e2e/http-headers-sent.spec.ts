import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { WithLock } from 'nestjs-redis-lock';
import { PATIENCE_MS } from '../support/patience.mjs';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';

@Controller()
class WorkController {
  @Get(':id')
  @WithLock('{params.id}', { wait: 0 })
  async work(): Promise<string> {
    return Promise.resolve('done');
  }

  @Get(':id/lost')
  @WithLock('{params.id}', { onLost: 'reject', maxHold: 1 })
  async lost(): Promise<string> {
    return sleep(20, 'done');
  }
}

/** A server that tells its clients early that it is at work. */
function sendHeaders(_: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.flushHeaders();
  next();
}

describe.each(PLATFORMS)('an answer whose headers are sent before the lock is taken, on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [WorkController], configure: (app) => app.use(sendHeaders) });
  });

  afterAll(() => http.close());

  it.each([
    { trouble: 'is busy', path: 'busy' },
    { trouble: 'was lost', path: 'free/lost' },
  ])('C3: ends when the lock $trouble', async ({ path }) => {
    const giveBack = await http.takeAsStranger('busy');
    const answer = fetch(`${http.url}/${path}`).then((response) => response.text());
    const outcome = await Promise.race([
      answer.catch(() => 'cut off'),
      sleep(PATIENCE_MS, 'still open', { ref: false }),
    ]);
    await giveBack();
    expect(outcome).not.toBe('still open');
  });
});
