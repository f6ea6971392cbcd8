// What holds of every page, however it looks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export async function noSidewaysScroll(page) {
  const [whole, seen] = await page.evaluate(() =>
    [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(whole <= seen, `${whole} px in a window of ${seen} px`);
}

export async function axe(scene, page, where) {
  // A picture in the middle of a transition has colours of its own.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate(readFileSync(scene.load.resolve('axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  const grave = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact));
  assert.deepEqual(grave.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))]), [], where);
}
