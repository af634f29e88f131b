import { RecordingLogger } from '../../support/recording-logger.js';

/** Keeps the errors that an app logs as they are, for who wants more of them than their text. */
export class ErrorLog extends RecordingLogger {
  readonly errors: unknown[] = [];

  constructor() {
    super();
    const record = this.error;
    this.error = (message) => {
      this.errors.push(message);
      record(message);
    };
  }

  /** What operators would see. */
  get complaints(): string[] {
    return this.at('warn', 'error', 'fatal');
  }
}
