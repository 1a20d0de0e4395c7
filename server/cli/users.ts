// `npm run users -- COMMAND`: what an operator does with users and their keys.
import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
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
    const fits = command && hasRoomFor(command, given);
    return { values, given, command: fits ? command : undefined };
  } catch {
    // An unknown option: answered with the usage.
    return undefined;
  }
}

function hasRoomFor({ takes, more }: Command, given: string[]): boolean {
  return more ? given.length >= takes.length : given.length === takes.length;
}

function usage(): string {
  const lines = Object.entries(commands).map(([name, { takes, more, help }]) => {
    const line = [name, ...takes, ...(more ? [`[${more}...]`] : [])].join(' ');
    return `  ${line.padEnd(34)}${help}`;
  });
  return `Usage: npm run users -- COMMAND [--json]

${lines.join('\n')}

With --json what is printed is JSON. Every change is an event, which the user sees on their page.
It works on the database of DATABASE_URL (or DATABASE_URL_FILE), also while the app runs; without it
on the embedded one in DATA_DIR, for which the app has to be stopped.

Exit code: 0 done, 1 can't be done (the reason is on standard error), 2 not understood.`;
}
