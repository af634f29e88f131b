import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');
const BLOCK = /<!-- (test\/docs\/examples\/[\w.-]+) -->\n```ts\n([\s\S]*?)```/gu;

export interface CodeBlock {
  readonly file: string;
  readonly code: string;
}

/** The code of the README, each block with the file that it must be the same as. */
export function readmeBlocks(): CodeBlock[] {
  return [...readReadme().matchAll(BLOCK)].map(([, file = '', code = '']) => ({ file, code }));
}

export function readReadme(): string {
  return readFileSync(join(ROOT, 'README.md'), 'utf8');
}

export function readExample(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
