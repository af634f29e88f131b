import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const SAMPLE = new URL('../../sample/', import.meta.url);
const PAGE = readFileSync(new URL('public/index.html', SAMPLE), 'utf8');
const BLOCKS = [...PAGE.matchAll(/<pre data-source="([^"]+)"><code>(.*?)<\/code>/gs)].map(
  ([, file = '', html = '']) => ({ file, code: textOf(html) }),
);

describe('the page', () => {
  it.each(BLOCKS)('shows code of $file that is really there', ({ file, code }) => {
    expect(withoutLayout(readFileSync(new URL(file, SAMPLE), 'utf8'))).toContain(withoutLayout(code));
  });

  it('shows the routes with and without the lock', () => {
    expect(BLOCKS.filter(({ file }) => file === 'shop/shop.controller.ts')).toHaveLength(2);
  });

  it('needs nothing from elsewhere', () => {
    const addresses = ['index.html', 'style.css', 'app.js', 'act.js', 'view.js', 'highlight.js']
      .map((file) => readFileSync(new URL(`public/${file}`, SAMPLE), 'utf8'))
      .flatMap((text) => text.match(/\b(?:https?:)?\/\/[\w.-]+\.\w+/g) ?? []);
    expect(addresses).toEqual(['http://www.w3.org']); // The namespace of SVG, which is a name and not fetched.
  });
});

function textOf(html: string): string {
  return html
    .replace(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
}

/** A narrow page breaks lines where an editor does not, and an argument on a line of its own has a comma behind it. */
function withoutLayout(code: string): string {
  return code.replace(/\s+/g, '').replaceAll(',)', ')');
}
