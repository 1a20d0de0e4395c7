// `npm run users -- COMMAND`: what an operator does with users and their keys.
import { parseArgs } from 'node:util';
import type { Command, Options } from './command.ts';
import { runCommand } from './run.ts';
import { add } from './users/add.ts';
import { disable } from './users/disable.ts';
import { enable } from './users/enable.ts';
import { keysList, keysRemove } from './users/keys.ts';
import { list } from './users/list.ts';
import { password } from './users/password.ts';
import { permissions } from './users/permissions.ts';
import { show } from './users/show.ts';

const commands: Record<string, Command> = {
  list,
  show,
  add,
  disable,
  enable,
  password,
  permissions,
  'keys list': keysList,
  'keys remove': keysRemove,
};

const options = {
  email: { type: 'string' },
  none: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const parsed = parse(process.argv.slice(2));
if (parsed?.values.help) {
  console.log(usage());
} else if (parsed?.command) {
  const { command, given, values } = parsed;
  await runCommand(async (db) => {
    const { text, json } = await command.run(db, given, values);
    if (values.json) console.log(JSON.stringify(json));
    else if (text !== '') console.log(text);
  });
} else {
  console.error(usage());
  process.exitCode = 2;
}

function parse(args: string[]) {
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [first = '', second = ''] = positionals;
    const two = commands[`${first} ${second}`];
    const command = two ?? commands[first];
    const given = positionals.slice(two ? 2 : 1);
    const fits = command && hasRoomFor(command, given) && understands(command, values);
    return { values, given, command: fits ? command : undefined };
  } catch {
    // An unknown option: answered with the usage.
    return undefined;
  }
}

function hasRoomFor({ takes, more }: Command, given: string[]): boolean {
  return more ? given.length >= takes.length : given.length === takes.length;
}

function understands({ option }: Command, values: Options): boolean {
  const options = ['email', 'none'] as const;
  return options.every((name) => name === option?.name || values[name] === undefined);
}

function usage(): string {
  const lines = Object.entries(commands).map(
    ([name, command]) => `  ${synopsis(name, command).padEnd(43)}${command.help}`,
  );
  return `Usage: npm run users -- COMMAND [--json]

${lines.join('\n')}

A password is asked for, or read from standard input. Every change is an event, and the user sees it
under Recent activity. With --json what is printed is JSON:

  npm run users -- add ada --email ada@example.com
  npm run --silent users -- keys list ada --json
  node server/cli/users.ts permissions ada domains linodes     (in the image)

It works on the database of DATABASE_URL (or DATABASE_URL_FILE), also while the app runs; without it
on the embedded one in DATA_DIR, for which the app has to be stopped. Either is brought up to date.

Exit code: 0 done, 1 can't be done (the reason is on standard error), 2 not understood.`;
}

function synopsis(name: string, { takes, more, option }: Command): string {
  const besides = [more && `${more}...`, option?.shown].filter((word) => word !== undefined);
  const optional = besides.length > 0 ? [`[${besides.join(' | ')}]`] : [];
  return [name, ...takes, ...optional].join(' ');
}
