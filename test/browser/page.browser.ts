import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { openBrowser } from '../support/open-browser.js';
import { startSample, type SampleProcess } from '../support/sample-process.js';

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser.close());

describe.each([
  { title: 'two processes on Redis', variables: {}, shops: ['shop-1', 'shop-2'] },
  { title: 'one process without Redis', variables: { REDIS_SERVER_BIN: '/nowhere/redis-server' }, shops: ['shop-1'] },
])('the page of $title', ({ variables, shops }) => {
  let sample: SampleProcess;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    sample = await startSample(variables);
  });

  afterAll(() => sample.stop());

  beforeEach(async () => {
    complaints = [];
    context = await browser.newContext();
    page = await open(context);
  });

  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  it('oversells without the lock, in red', async () => {
    const act = page.locator('#without');
    await act.getByRole('button').click();
    await act.getByText(/^Oversold: \d+ buyers paid/).waitFor();
    const { delivered, sold, oversold } = await score(act);
    expect(delivered).toBe(10);
    expect(sold).toBeGreaterThan(delivered);
    expect(oversold).toBe(sold - delivered);
    expect(await hue('#without [data-field=oversold]')).toBe('red');
    expect(await act.locator('.shops .buyer.oversold').count()).toBe(oversold);
  });

  it('sells exactly what it has with the lock, in green, and shows holder and waiters meanwhile', async () => {
    const act = page.locator('#with');
    await act.getByRole('button').click();
    await act
      .locator('[data-field=holder]')
      .getByText(/^shop-\d, for buyer \d+$/)
      .waitFor();
    for (const name of shops)
      await act
        .locator('.shop', { hasText: name })
        .getByText(/^\d+ waiting for it$/)
        .waitFor();
    await act.locator('.shop.holder').getByText('holds the lock').waitFor();
    await act.getByText('Sold out: exactly 10 of 10, none oversold.').waitFor();
    expect(await score(act)).toEqual({ delivered: 10, sold: 10, oversold: 0, stock: 0 });
    expect(await hue('#with [data-field=sold]')).toBe('green');
    expect(await act.locator('[data-field=peak]').innerText()).toBe('1');
    expect(await act.locator('.shops .buyer.sold').count()).toBe(10);
    expect(await act.locator('.shops .buyer.left').count()).toBe(40);
    const tokens = (await act.locator('tbody td:nth-child(3)').allInnerTexts()).map(Number);
    expect(tokens).toEqual([...tokens].sort((one, other) => other - one));
  });

  it('shows the same after a reload', async () => {
    const before = await settled();
    await page.reload();
    expect(await settled()).toBe(before);
  });

  it('goes on where it was when it is reloaded in the middle of a sale', async () => {
    await page.locator('#with').getByRole('button').click();
    await page.locator('#with .shop.holder').waitFor();
    await page.reload();
    await page.locator('#with').getByText('The doors are open…').waitFor();
    expect(await page.locator('#without').getByRole('button').isDisabled()).toBe(true);
    await page
      .locator('#with')
      .getByText(/^Sold out: exactly 10/)
      .waitFor();
    expect(await page.locator('#without').getByRole('button').isEnabled()).toBe(true);
  });

  it('shows a sale that another visitor started', async () => {
    const other = await open(context);
    await other.locator('#with').getByRole('button').click();
    await page.locator('#with .shop.holder').waitFor();
    await page
      .locator('#with')
      .getByText(/^Sold out/)
      .waitFor();
  });

  it.each([320, 375, 768, 1280])('has nothing to scroll sideways on a screen of %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it('says how many processes there are, and what is missing without Redis', async () => {
    const isAlone = shops.length === 1;
    expect(await page.locator('#notice').isVisible()).toBe(isAlone);
    expect(await page.locator('header').innerText()).toContain(
      isAlone ? 'one process, in memory' : '2 processes on one Redis',
    );
    expect(sample.output().includes('NOTICE: no redis-server')).toBe(isAlone);
  });

  async function open(visitor: BrowserContext): Promise<Page> {
    const opened = await visitor.newPage();
    opened.on('pageerror', (error) => complaints.push(String(error)));
    opened.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    await opened.goto(sample.url);
    await opened.getByText(`Live from ${shops.join(' and ')}`).waitFor();
    return opened;
  }

  /** What the page says of two sales that are over. */
  async function settled(): Promise<string> {
    await page
      .locator('#without')
      .getByText(/^Oversold/)
      .waitFor();
    await page
      .locator('#with')
      .getByText(/^Sold out/)
      .waitFor();
    return page.locator('main').innerText();
  }

  /** The strongest part of an element's colour. */
  async function hue(selector: string): Promise<'red' | 'green' | 'blue'> {
    const colour: string = await page.evaluate(`getComputedStyle(document.querySelector('${selector}')).color`);
    const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number);
    if (red > green && red > blue) return 'red';
    return green > blue ? 'green' : 'blue';
  }
});

async function score(act: Locator): Promise<Record<'delivered' | 'sold' | 'oversold' | 'stock', number>> {
  const read = async (field: string): Promise<number> =>
    Number(await act.locator(`.score [data-field=${field}]`).innerText());
  return {
    delivered: await read('delivered'),
    sold: await read('sold'),
    oversold: await read('oversold'),
    stock: await read('stock'),
  };
}
