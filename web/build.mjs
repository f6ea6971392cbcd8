// Bundles the page with esbuild, names each file by its content, compresses it and writes all of
// them as one C++ source.   node web/build.mjs OUT   (OUT/node_modules holds what npm installed)
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const web = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2]);
const { build } = createRequire(join(out, 'package.json'))('esbuild');

const firstPageMax = 90 * 1024; // gzipped bytes of all that the page loads
const types = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
};
const packages = new Set(); // whose code is in the bundles
const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

async function bundle(entry) {
  const made = await build({
    absWorkingDir: web,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: 'dist',
    format: 'iife',
    target: ['chrome109', 'firefox115', 'safari16'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    nodePaths: [join(out, 'node_modules')],
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  });
  for (const input of Object.keys(made.metafile.inputs)) {
    const from = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (from) packages.add(from[1]);
  }
  return Buffer.from(made.outputFiles[0].contents);
}

const assets = [];
function add(pattern, kind, bytes, immutable) {
  const gzipped = gzipSync(bytes, { level: 9 });
  const pays = gzipped.length < bytes.length;
  assets.push({ pattern, type: types[kind], bytes, gzipped: pays ? gzipped : Buffer.alloc(0),
                hash: hashOf(bytes), immutable });
  return pattern;
}
const hashed = (name, kind, bytes) =>
  add(`/assets/${name}-${hashOf(bytes)}.${kind}`, kind, bytes, true);

// Stays in the page's way on purpose: it sets the colours before anything is painted.
const boot = hashed('boot', 'js', await bundle('src/boot.ts'));
const app = hashed('app', 'js', await bundle('src/main.tsx'));
const style = hashed('style', 'css', await bundle('src/styles.css'));
const icon = hashed('icon', 'svg', readFileSync(join(web, 'src/icon.svg')));
const page = Buffer.from(readFileSync(join(web, 'src/index.html'), 'utf8')
  .replace('{boot}', boot).replace('{app}', app).replace('{style}', style)
  .replace('{icon}', icon));
for (const pattern of ['/', '/pieces/:id', '/account', '/account/:section']) add(pattern, 'html', page, false);

const loaded = new Map(assets.map((a) => [a.hash, a.gzipped.length || a.bytes.length]));
const total = [...loaded.values()].reduce((a, b) => a + b, 0);
if (total > firstPageMax) throw new Error(`the first page has ${total} bytes, gzipped`);

// The licences of what is bundled ask that their texts go along.
function licenceOf(name) {
  const folder = join(out, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : '';
  return `${name} ${version} (${license})\n\n${text}\n`;
}
const licences = [...packages].sort().map(licenceOf).join(`\n${'-'.repeat(72)}\n\n`);
add('/licences.txt', 'txt', Buffer.from(licences), false);

// Short lines, and no escape that could swallow the digit behind it.
function literal(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 64) {
    text += '\n"';
    for (const b of bytes.subarray(at, at + 64)) text += '\\' + b.toString(8).padStart(3, '0');
    text += '"';
  }
  return `std::string_view(${text || '""'}, ${bytes.length})`;
}
const rows = assets.map((a) => `{"${a.pattern}", "${a.type}", ${literal(a.bytes)},
${literal(a.gzipped)}, "${a.hash}", ${a.immutable}},`);
writeFileSync(join(out, 'web_assets.cpp'), `#include "app/web_assets.hpp"
namespace son1k::app {
std::span<const api::web_asset> web_assets() {
  static constexpr api::web_asset rows[] = {${rows.join('\n')}};
  return rows;
}
}
`);

const dist = join(out, 'dist');
rmSync(dist, { recursive: true, force: true });
for (const asset of assets.filter((a) => !a.pattern.includes(':'))) {
  const to = join(dist, asset.pattern === '/' ? 'index.html' : asset.pattern);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, asset.bytes);
}
console.log(`web: ${(total / 1024).toFixed(1)} KiB gzipped`);
