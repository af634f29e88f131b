import { chromium, type Browser } from 'playwright-core';
import { BROWSER_PROGRAM } from './browser-program.js';
import { requireProgram } from './require-program.js';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A real browser with a profile of its own, which is removed when it closes. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: requireProgram(BROWSER_PROGRAM), args: FLAGS });
}
