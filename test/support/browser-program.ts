import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Program } from './require-program.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export const BROWSER_PROGRAM: Program = {
  what: 'a Chromium browser',
  find: findChromium,
  debianPackage: 'chromium',
  variable: 'CHROMIUM_BIN',
  install: {
    Debian: 'sudo apt-get install chromium',
    Ubuntu: 'sudo snap install chromium',
    Fedora: 'sudo dnf install chromium',
    Alpine: 'sudo apk add chromium',
    macOS: 'brew install --cask chromium',
  },
};

function findChromium(): string | undefined {
  const { CHROMIUM_BIN, PATH = '' } = process.env;
  if (CHROMIUM_BIN) return existsSync(CHROMIUM_BIN) ? CHROMIUM_BIN : undefined;
  const folders = ['/usr/bin', ...PATH.split(delimiter).filter((folder) => folder !== '')];
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}
