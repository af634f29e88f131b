import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ShopSetting } from '../shop-setting.js';

const ENTRY = fileURLToPath(new URL('../shop-process.js', import.meta.url));
const STOP_MS = 15_000;

/** A process of the shop, as the launcher sees it. */
export class ShopChild {
  readonly name: string;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<unknown>;
  private readonly child: ChildProcess;

  constructor(setting: ShopSetting) {
    const env = { ...process.env, SHOP_SETTING: JSON.stringify(setting) };
    // A session of its own: a ctrl-c in the terminal is for the launcher, which ends the others in order.
    this.child = fork(ENTRY, { env, detached: true });
    this.exited = once(this.child, 'exit');
    this.name = `${setting.name} (pid ${this.child.pid ?? 'none'})`;
  }

  /** Waits until the process listens. */
  async opened(): Promise<void> {
    const isOpen = await Promise.race([once(this.child, 'message').then(() => true), this.exited.then(() => false)]);
    if (!isOpen) throw new Error(`${this.name} did not start.`);
  }

  async close(): Promise<void> {
    this.child.kill('SIGTERM');
    const patience = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await this.exited.finally(() => clearTimeout(patience));
  }
}
