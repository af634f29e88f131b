import type { LoggerService } from '@nestjs/common';
import { lookAt } from './leak-watch.js';

type Level = 'log' | 'error' | 'warn' | 'debug' | 'verbose' | 'fatal';

/** Keeps what an app logs, instead of printing it. */
export class RecordingLogger implements LoggerService {
  readonly #entries: { readonly level: Level; readonly text: string }[] = [];

  /** What was logged at these levels, of all contexts. */
  at(...levels: Level[]): string[] {
    return this.#entries.filter(({ level }) => levels.includes(level)).map(({ text }) => text);
  }

  log = this.#recorder('log');
  error = this.#recorder('error');
  warn = this.#recorder('warn');
  debug = this.#recorder('debug');
  verbose = this.#recorder('verbose');
  fatal = this.#recorder('fatal');

  #recorder(level: Level): (message: unknown) => void {
    return (message) => {
      const text = message instanceof Error ? message.message : String(message);
      lookAt('log lines', text);
      this.#entries.push({ level, text });
    };
  }
}
