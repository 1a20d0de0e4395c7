import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Terminal } from '../cli/command.ts';
import { runMigrate } from '../cli/run-migrate.ts';
import { runUsers } from '../cli/users/run-users.ts';

type Env = Record<string, string>;

/** Runs `npm run users` in this process. `keys` is what is typed, or piped in. */
export async function users(env: Env, args: string[], keys = '', { isTTY = false } = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  if (isTTY) stdin.write(keys);
  else stdin.end(keys);
  return resultOf((terminal) => runUsers(args, terminal), env, stdin);
}

/** Runs `npm run migrate` in this process. */
export async function migrate(env: Env, args: string[] = []) {
  return resultOf((terminal) => runMigrate(args, terminal), env, new PassThrough());
}

async function resultOf(
  run: (terminal: Terminal) => Promise<number>,
  env: Env,
  stdin: Terminal['stdin'],
) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await run({ env, stdin, stdout, stderr, passwordCost: 4 });
  stdout.end();
  stderr.end();
  return { status, stdout: await text(stdout), stderr: await text(stderr) };
}
