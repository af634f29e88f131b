import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PassThrough, Readable } from 'node:stream';
import { Controller, Get, StreamableFile, UseInterceptors, type CallHandler } from '@nestjs/common';
import { WithLock } from 'nestjs-redis-lock';
import { map } from 'rxjs';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, startHttpApp, type HttpApp } from '../support/http-app.js';

let source: PassThrough;

async function* chunks(): AsyncGenerator<string> {
  for await (const chunk of source) yield String(chunk);
}

@Controller()
class DownloadController {
  @Get('file')
  @WithLock('it')
  async file(): Promise<StreamableFile> {
    return new StreamableFile(source);
  }

  @Get('plain-file')
  @WithLock('it')
  plainFile(): StreamableFile {
    return new StreamableFile(source);
  }

  @Get('return')
  @WithLock('it', { until: 'return' })
  async untilReturn(): Promise<StreamableFile> {
    return new StreamableFile(source);
  }

  @Get('generator')
  @WithLock('it')
  async *generator(): AsyncGenerator<string> {
    yield* chunks();
  }

  @Get('readable')
  @WithLock('it')
  async readable(): Promise<Readable> {
    return Readable.from(chunks());
  }

  @Get('web-response')
  @WithLock('it')
  async webResponse(): Promise<Response> {
    return new Response(Readable.toWeb(source));
  }

  @Get('web-stream')
  @WithLock('it')
  async webStream(): Promise<ReadableStream> {
    return Readable.toWeb(source);
  }

  @Get('replaced')
  @WithLock('it')
  @UseInterceptors({ intercept: (_: unknown, next: CallHandler) => next.handle().pipe(map(() => 'another')) })
  async replaced(): Promise<StreamableFile> {
    return new StreamableFile(source);
  }
}

const STREAMING = ['file', 'plain-file', 'generator', 'readable', 'web-response', 'web-stream'];

describe.each(PLATFORMS)('a handler that returns a stream on $platform', ({ adapter }) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(adapter, { controllers: [DownloadController] });
  });

  beforeEach(() => {
    source = new PassThrough();
  });

  afterEach(async () => {
    source.destroy();
    await eventually(async () => (await http.takenKeys()).length === 0);
  });

  afterAll(() => http.close());

  async function download(path: string): Promise<{ abort: AbortController; response: Response }> {
    const abort = new AbortController();
    const response = fetch(`${http.url}/${path}`, { signal: abort.signal });
    source.write('first,');
    return { abort, response: await response };
  }

  it.each(STREAMING)('N5c: is locked until the stream has ended (%s)', async (path) => {
    const { response } = await download(path);
    expect(await http.takenKeys()).toEqual(['it']);
    source.end('last');
    expect(await response.text()).toBe('first,last');
    await eventually(async () => (await http.takenKeys()).length === 0);
  });

  it.each(STREAMING)('N5c: is locked until the client has gone away (%s)', async (path) => {
    const { abort, response } = await download(path);
    expect(await http.takenKeys()).toEqual(['it']);
    abort.abort();
    await expect(response.text()).rejects.toThrow();
    await eventually(async () => (await http.takenKeys()).length === 0);
  });

  it.each(['file', 'plain-file'])('N5c: is locked until the stream has failed (%s)', async (path) => {
    const { response } = await download(path);
    source.destroy(new Error('disk on fire'));
    await expect(response.text()).rejects.toThrow();
    await eventually(async () => (await http.takenKeys()).length === 0);
  });

  it('N5c: until: return gives the lock back before the stream has ended', async () => {
    const { response } = await download('return');
    await eventually(async () => (await http.takenKeys()).length === 0);
    source.end('last');
    expect(await response.text()).toBe('first,last');
  });

  it('N5c: gives the lock back when an interceptor puts another answer in the place of the stream', async () => {
    const response = await fetch(`${http.url}/replaced`);
    expect(await response.text()).toBe('another');
    await eventually(async () => (await http.takenKeys()).length === 0);
  });
});
