// What `docker build` puts into the image: the files that .dockerignore lets through.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '..');
const PROGRAMS = ['server/main.ts', ...globSync('server/cli/*.ts', { cwd: ROOT })].filter(
  (file) => !file.endsWith('.test.ts'),
);

/** The patterns of .dockerignore, and whether each puts back what the lines before it left out. */
const rules = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ isException: line.startsWith('!'), pattern: toRegExp(line.replace('!', '')) }));

const files = globSync('{bench,bin,db,docs,e2e,public,server,views}/**', {
  cwd: ROOT,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
const image = files.filter(isInContext);

test('the image gets only what .dockerignore lets through and the packages of production', () => {
  const copied = read('Dockerfile').match(/^(?:COPY|ADD) .*$/gm);
  assert.deepEqual(copied, ['COPY package.json package-lock.json ./', 'COPY . .']);
  assert.match(read('Dockerfile'), /npm ci --omit=dev/);
});

test('the image has the app, its views, its style sheets and the page that Documentation shows', () => {
  for (const file of [
    'LICENSE',
    'package.json',
    'package-lock.json',
    'docs/gateway/nginx.conf',
    ...PROGRAMS,
    ...globSync('{public,views}/**/*.*', { cwd: ROOT }),
    ...globSync('db/migrations/*.ts', { cwd: ROOT }),
  ]) {
    assert.ok(isInContext(file), file);
  }
});

test('the image has every file and package that its programs import', () => {
  const { dependencies } = JSON.parse(read('package.json'));
  const seen = new Set(PROGRAMS);
  for (const file of seen) {
    assert.ok(isInContext(file), file);
    const { imported, packages } = importsOf(file);
    for (const other of imported) seen.add(other);
    for (const name of packages) {
      assert.ok(name in dependencies, `${file} imports ${name}, which is no dependency`);
    }
  }
  // Both databases, the pages, and the thread for passwords, which is no import but a URL.
  for (const file of ['db/embedded.ts', 'server/app.ts', 'server/auth/password-worker.ts']) {
    assert.ok(seen.has(file), file);
  }
});

test('the image has no test, and nothing that supports tests', () => {
  assert.ok(image.length > 100);
  const tests = image.filter((file) => /\.test\.|^(bench|bin|e2e)\/|\/testing\//.test(file));
  assert.deepEqual(tests, []);
});

test('the image has no secrets, data, packages or results from the folder', () => {
  for (const file of [
    '.env',
    '.git/config',
    '.data/PG_VERSION',
    'node_modules/express/index.js',
    'test-results/trace.zip',
    'docker-compose.override.yml',
    'docs/tls/keys.example.com.key',
    'dump.sql',
  ]) {
    assert.ok(!isInContext(file), file);
  }
});

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** As Docker decides it: the last pattern that matches the file, or a folder above it, decides. */
function isInContext(file: string): boolean {
  const names = file.split('/');
  const paths = names.map((_name, index) => names.slice(0, index + 1).join('/'));
  const last = rules.findLast(({ pattern }) => paths.some((path) => pattern.test(path)));
  return last === undefined || last.isException;
}

function toRegExp(pattern: string): RegExp {
  const inFolder = (part: string) => part.split('*').map(RegExp.escape).join('[^/]*');
  const source = pattern.split('**/').map(inFolder).join('(?:.+/)?');
  return new RegExp(`^${source}$`);
}

/** The files and the packages that a file loads, also by `import()` or in a thread. */
function importsOf(file: string): { imported: string[]; packages: string[] } {
  const code = read(file);
  const loaded = [...code.matchAll(/(?:\bfrom |\bimport |\bimport\(|\bURL\()'([^'\s]+)'/g)].map(
    ([, name = '']) => name,
  );
  return {
    imported: loaded
      .filter((name) => name.startsWith('.'))
      .map((name) => path.join(path.dirname(file), name)),
    packages: loaded
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
      .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name),
  };
}
