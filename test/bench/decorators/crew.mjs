import { AppProcess } from './app-process.mjs';
import { PATIENCE_MS } from './scenes/shutdown.mjs';

/** How long the callers of most apps wait for a lock. */
const WAIT_MS = 1_000;

/** The apps of one contestant, started when first needed. */
export class Crew {
  #apps = new Map();

  constructor(contestant, url) {
    this.contestant = contestant;
    this.url = url;
  }

  apps = {
    replicas: () => Promise.all(['replica 1', 'replica 2'].map((name) => this.#app(name, { wait: WAIT_MS }))),
    cronReplicas: () =>
      Promise.all(['cron 1', 'cron 2'].map((name) => this.#app(name, { wait: 0, hasCronJobs: true }))),
    patientApp: () => this.#app('patient', { wait: PATIENCE_MS }),
  };

  async #app(name, options) {
    if (!this.#apps.has(name))
      this.#apps.set(name, new AppProcess({ contestant: this.contestant, url: this.url, ...options }));
    const app = this.#apps.get(name);
    await app.started();
    return app;
  }

  async close() {
    await Promise.all([...this.#apps.values()].map((app) => app.kill()));
  }
}
