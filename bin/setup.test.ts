import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { findMismatch } from './setup/installation.mjs';
import { isAtLeast } from './setup/versions.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'setup-'));
after(() => rmSync(folder, { recursive: true }));

/** Stands in for npm: installs three small packages, of which `node` has a program. */
const NPM = `#!/bin/sh
echo "$*" >>"$NPM_LOG"
if [ "$1" = config ]; then echo "\${IGNORE_SCRIPTS:-false}"; exit; fi
mkdir -p node_modules/node/bin node_modules/pg node_modules/typescript
[ -z "$NPM_FAILS" ] || exit 1
echo added 3 packages
for name in node pg typescript; do echo {} >node_modules/$name/package.json; done
if [ -z "$IGNORE_SCRIPTS" ]; then
  printf '#!/bin/sh\\n' >node_modules/node/bin/node
  chmod +x node_modules/node/bin/node
fi
cp package-lock.json node_modules/.package-lock.json
`;

const PACKAGES = {
  'node_modules/node': { version: '98.1.0', dev: true },
  'node_modules/pg': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/typescript': { version: '1.0.0', dev: true },
};

/** A made-up project with the real set-up. */
class Project {
  readonly root = mkdtempSync(path.join(folder, 'project-'));
  readonly log = path.join(this.root, 'npm.log');

  constructor() {
    const bin = path.join(this.root, 'bin');
    mkdirSync(path.join(this.root, 'path'));
    writeFileSync(path.join(this.root, 'path/npm'), NPM, { mode: 0o755 });
    cpSync(path.join(import.meta.dirname, 'setup.mjs'), path.join(bin, 'setup.mjs'));
    cpSync(path.join(import.meta.dirname, 'setup'), path.join(bin, 'setup'), { recursive: true });
    this.requireNode('20.11');
    this.writeLockfile({});
  }

  requireNode(version: string) {
    const about = { type: 'module', engines: { node: `>=${version}` } };
    writeFileSync(path.join(this.root, 'package.json'), JSON.stringify(about));
  }

  /** The three packages, with these changes; undefined leaves one out. */
  writeLockfile(packages: Record<string, object | undefined>) {
    const lock = JSON.stringify({ packages: { '': {}, ...PACKAGES, ...packages } });
    writeFileSync(path.join(this.root, 'package-lock.json'), lock);
  }

  /** Installs as an operator does, without the set-up. */
  npmCi(env: Record<string, string> = {}) {
    spawnSync('npm', ['ci'], { cwd: this.root, env: this.env(env) });
  }

  env(env: Record<string, string>) {
    const PATH = `${path.join(this.root, 'path')}${path.delimiter}${process.env.PATH}`;
    return { PATH, NPM_LOG: this.log, ...env };
  }

  async setUp(env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [path.join(this.root, 'bin/setup.mjs')], {
      env: this.env(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [[code], stdout, stderr] = await Promise.all([
      once(child, 'close'),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, stdout, stderr };
  }

  /** How often npm was asked to install. */
  get installations(): number {
    const calls = existsSync(this.log) ? readFileSync(this.log, 'utf8') : '';
    return calls.split('\n').filter((call) => call.startsWith('ci')).length;
  }

  get pgVersion(): string {
    const list = readFileSync(path.join(this.root, 'node_modules/.package-lock.json'), 'utf8');
    return JSON.parse(list).packages['node_modules/pg'].version;
  }

  get leftovers(): string[] {
    return readdirSync(this.root).filter((name) => name.startsWith('.setup'));
  }
}

const PG_2 = { 'node_modules/pg': { version: '2.0.0', integrity: 'sha512-b' } };

test('the set-up installs once, and leaves standard output to the command that follows', async () => {
  const project = new Project();
  const first = await project.setUp();
  assert.deepEqual([first.code, first.stdout], [0, '']);
  assert.match(first.stderr, /^node_modules is missing or incomplete\.\nInstalling/);
  assert.match(first.stderr, /added 3 packages/);
  assert.deepEqual(await project.setUp(), { code: 0, stdout: '', stderr: '' });
  assert.equal(project.installations, 1);
  assert.deepEqual(project.leftovers, []);
});

test('an installation made by npm ci is used as it is', async () => {
  const project = new Project();
  project.npmCi();
  assert.deepEqual(await project.setUp({ NPM_FAILS: 'yes' }), { code: 0, stdout: '', stderr: '' });
  assert.equal(project.installations, 1);
});

test('a newer lockfile is followed', async () => {
  const project = new Project();
  await project.setUp();
  project.writeLockfile(PG_2);
  const { code, stderr } = await project.setUp();
  assert.equal(code, 0);
  assert.match(stderr, /^node_modules differs from package-lock\.json: pg\.\n/);
  assert.equal(project.pgVersion, '2.0.0');
  assert.deepEqual(project.leftovers, []);
});

for (const [what, difference] of [
  ['a package that the lockfile no longer has', { 'node_modules/pg': undefined }],
  ['a package with other contents', { 'node_modules/pg': { version: '1.0.0', integrity: 'x' } }],
] as const) {
  test(`${what} is not accepted`, async () => {
    const project = new Project();
    await project.setUp();
    project.writeLockfile(difference);
    const { stderr } = await project.setUp();
    assert.match(stderr, /differs from package-lock\.json: pg\.\n/);
    assert.equal(project.installations, 2);
  });
}

test('a package whose folder was removed is installed again', async () => {
  const project = new Project();
  await project.setUp();
  rmSync(path.join(project.root, 'node_modules/pg'), { recursive: true });
  assert.equal((await project.setUp()).code, 0);
  assert.ok(existsSync(path.join(project.root, 'node_modules/pg/package.json')));
});

test('a failed installation leaves the previous one working', async () => {
  const project = new Project();
  await project.setUp();
  project.writeLockfile(PG_2);
  const { code, stderr } = await project.setUp({ NPM_FAILS: 'yes' });
  assert.equal(code, 1);
  assert.match(stderr, /npm could not install it\.\nnode_modules is unchanged\.\n$/);
  assert.deepEqual(project.leftovers, []);

  // With its own lockfile it is complete, so npm is not needed.
  project.writeLockfile({});
  assert.equal((await project.setUp({ NPM_FAILS: 'yes' })).code, 0);
  assert.equal(project.installations, 2);
});

test('node_modules is restored after a kill between the two renames', async () => {
  const project = new Project();
  await project.setUp();
  const { root } = project;
  renameSync(path.join(root, 'node_modules'), path.join(root, '.setup-old'));
  mkdirSync(path.join(root, '.setup-new'));
  assert.equal((await project.setUp({ NPM_FAILS: 'yes' })).code, 0);
  assert.equal(project.installations, 1);
});

test('npm scripts that start at the same time install once', async () => {
  const project = new Project();
  const all = await Promise.all([project.setUp(), project.setUp(), project.setUp()]);
  assert.deepEqual(
    all.map(({ code }) => code),
    [0, 0, 0],
  );
  assert.equal(project.installations, 1);
});

const staleLocks: [string, (file: string) => void][] = [
  ['a killed process', (file) => symlinkSync(String(spawnSync('true').pid), file)],
  ['an earlier version', (file) => writeFileSync(file, '1')],
];
for (const [owner, leave] of staleLocks) {
  test(`after ${owner} left its lock, npm scripts that start at the same time install once`, async () => {
    const project = new Project();
    leave(path.join(project.root, '.setup-lock'));
    const all = await Promise.all([project.setUp(), project.setUp()]);
    assert.deepEqual(
      all.map(({ code }) => code),
      [0, 0],
    );
    assert.equal(project.installations, 1);
    assert.deepEqual(project.leftovers, []);
  });
}

test('an error of the file system is reported in a sentence', async () => {
  const project = new Project();
  await project.setUp();
  project.writeLockfile(PG_2);
  // Not even root can copy a folder as a file.
  mkdirSync(path.join(project.root, '.npmrc'));
  const { code, stderr } = await project.setUp();
  assert.equal(code, 1);
  assert.match(stderr, /\nThe installation failed: E.+\nnode_modules is unchanged\.\n$/);
  assert.doesNotMatch(stderr, /\bat .+:\d+:\d+/);
  assert.deepEqual(project.leftovers, []);
});

test('after npm ci --omit=dev, the set-up says that Node is missing, and installs it', async () => {
  const project = new Project();
  project.npmCi();
  const list = { packages: { 'node_modules/pg': PACKAGES['node_modules/pg'] } };
  const file = path.join(project.root, 'node_modules/.package-lock.json');
  writeFileSync(file, JSON.stringify(list));
  const { code, stderr } = await project.setUp();
  assert.equal(code, 0);
  assert.match(stderr, /^node_modules has no development packages .+ Node 98\.1\.0 is one/);
});

test('a package node without its program is installed again', async () => {
  const project = new Project();
  project.npmCi();
  rmSync(path.join(project.root, 'node_modules/node/bin/node'));
  const { code, stderr } = await project.setUp();
  assert.equal(code, 0);
  assert.match(stderr, /^The program of the package node \(98\.1\.0\) in node_modules is missing/);
  assert.ok(existsSync(path.join(project.root, 'node_modules/node/bin/node')));
});

test('packages for another machine may be missing, but not those for this one', () => {
  const project = new Project();
  const { platform, arch } = process;
  project.npmCi();
  const foreign = { version: '1.0.0', optional: true, os: ['other'], cpu: [arch] };
  const oneLibrary = { ...foreign, os: [platform], libc: ['musl'] };
  const native = { ...foreign, os: [platform] };
  project.writeLockfile({ 'node_modules/a': foreign, 'node_modules/b': oneLibrary });
  assert.equal(findMismatch(project.root), undefined);
  project.writeLockfile({ 'node_modules/a': native });
  assert.match(findMismatch(project.root) ?? '', /json: a\.$/);
  project.writeLockfile({ 'node_modules/a': { ...foreign, os: [`!${platform}`] } });
  assert.equal(findMismatch(project.root), undefined);
  // node_modules was copied from another machine.
  project.writeLockfile({ 'node_modules/pg': { ...foreign, ...PACKAGES['node_modules/pg'] } });
  project.npmCi();
  assert.match(findMismatch(project.root) ?? '', /json: pg\.$/);
});

test('where npm skips install scripts, the set-up says what is needed and changes nothing', async () => {
  const project = new Project();
  const { code, stderr } = await project.setUp({ IGNORE_SCRIPTS: 'true' });
  assert.equal(code, 1);
  assert.match(stderr, /ignore-scripts=true.+ Node 98\.1\.0.+ npm ci --ignore-scripts=false/);
  assert.equal(project.installations, 0);

  project.npmCi({ IGNORE_SCRIPTS: 'true' });
  const { stderr: second } = await project.setUp({ IGNORE_SCRIPTS: 'true' });
  assert.match(
    second,
    /^The program of .+ is missing .+\nnpm is set .+\nnode_modules is unchanged/,
  );
  // Without the setting, the script runs.
  assert.equal((await project.setUp()).code, 0);
});

test("the machine's own Node is accepted where it is as new as the project's", () => {
  const project = new Project();
  const { root } = project;
  project.npmCi({ IGNORE_SCRIPTS: 'true' });
  const execPath = '/usr/bin/node';
  assert.equal(findMismatch(root, { execPath, version: 'v98.1.0' }), undefined);
  assert.equal(findMismatch(root, { execPath, version: 'v99.0.0' }), undefined);
  assert.match(findMismatch(root, { execPath, version: 'v98.0.9' }) ?? '', /is missing/);
  // A Node in node_modules would be replaced with it.
  const own = path.join(root, 'node_modules/other/bin/node');
  assert.match(findMismatch(root, { execPath: own, version: 'v99.0.0' }) ?? '', /is missing/);
});

test('an older Node ends with a sentence that names the version that is needed', async () => {
  const project = new Project();
  project.requireNode('99.1');
  const { code, stderr } = await project.setUp();
  assert.equal(code, 1);
  assert.match(stderr, /^Node 99\.1 or later is needed to install the project, .+ This is \d/);
  assert.equal(project.installations, 0);
});

test('versions are compared by their numbers', () => {
  assert.ok(isAtLeast('20.11.0', '20.11'));
  assert.ok(isAtLeast('22.0.0', '20.11'));
  assert.ok(!isAtLeast('20.9.1', '20.11'));
  assert.ok(!isAtLeast('18.20.8', '20.11'));
});

test('each npm script runs the set-up itself, on the Node it installs from then on', () => {
  const about = readFileSync(path.join(import.meta.dirname, '../package.json'), 'utf8');
  const scripts: Record<string, string> = JSON.parse(about).scripts;
  for (const [name, script] of Object.entries(scripts)) {
    // Not in a pre-script, which ignore-scripts=true skips. In a subshell, since bash would remember
    // where it found `node` and start the machine's own again.
    assert.ok(script.startsWith('(node bin/setup.mjs) && '), name);
  }
});
