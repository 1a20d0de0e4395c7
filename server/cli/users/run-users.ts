import { Command, CommanderError } from 'commander';
import type { Flag, Terminal, UserCommand } from '../command.ts';
import { runCommand } from '../run.ts';
import { add } from './add.ts';
import { disable } from './disable.ts';
import { enable } from './enable.ts';
import { keysCommands } from './keys.ts';
import { list } from './list.ts';
import { password } from './password.ts';
import { permissions } from './permissions.ts';
import { reEncrypt } from './re-encrypt.ts';
import { show } from './show.ts';
import { twoFactor } from './two-factor.ts';

const ABOUT = `
A password is asked for twice, or read from standard input. Every change is an event, and the user
sees it under Activity.

  npm run users add ada ada@example.com
  npm run --silent users -- keys list ada --json
  node server/cli/users.ts permissions ada domains linodes     (in the image)

The database is that of DATABASE_URL (or DATABASE_URL_FILE), also while the app runs; if this is not
set, the embedded one in DATA_DIR, for which the app has to be stopped. The database must exist, and
is brought up to date.

Exit code: 0 done, 1 can't be done (the reason is on standard error), 2 not understood,
130 interrupted by Ctrl-C.`;

const commands: UserCommand[] = [
  list,
  show,
  add,
  disable,
  enable,
  password,
  twoFactor,
  permissions,
  reEncrypt,
];
/** The options that only some commands have. The other commands refuse them, also where npm took them. */
const flagNames = commands.flatMap(({ flags = [] }) => flags.map(({ name }) => name));

/** Runs the command that the arguments name, and resolves with the exit code. */
export async function runUsers(args: string[], terminal: Terminal): Promise<number> {
  const { env, stdout, stderr } = terminal;
  // Without `--`, npm takes options for its own and leaves them only in the environment.
  if (env.npm_config_none !== undefined) {
    stderr.write('There is no option --none. Use: npm run users permissions NAME none\n');
    return 2;
  }
  let exitCode = 0;
  const program = new Command('npm run users --')
    .usage('COMMAND [--json]')
    .option('--json', 'print JSON, for programs')
    .helpCommand(false)
    .addHelpText('after', ABOUT)
    .showHelpAfterError()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .exitOverride();
  for (const command of commands) addCommand(program, command);
  const keys = program
    .command('keys')
    .description("a user's keys: list NAME; show, pause, resume, remove NAME PREFIX");
  for (const command of keysCommands) addCommand(keys, command);

  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }

  function addCommand(parent: Command, { usage, help, flags = [], run }: UserCommand): void {
    const command = parent.command(usage).description(help);
    for (const flag of flags) command.option(`--${flag.name}`, flag.help);
    command.action(async () => {
      const given = givenFlags(command, flags);
      exitCode = await runCommand(terminal, async (db) => {
        const { text, json } = await run(db, command.args, terminal, given);
        if (program.opts().json || isSetByNpm('json')) {
          stdout.write(`${JSON.stringify(json)}\n`);
        } else if (text !== '') {
          stdout.write(`${text}\n`);
        }
      });
    });
  }

  /** The names of the options that were given to a command, to it or to npm. */
  function givenFlags(command: Command, flags: readonly Flag[]): Set<string> {
    const own = new Set(flags.map(({ name }) => name));
    const opts = command.opts();
    const given = new Set(flagNames.filter((name) => opts[name] || isSetByNpm(name)));
    const foreign = [...given].find((name) => !own.has(name));
    if (foreign !== undefined) command.error(`error: unknown option '--${foreign}'`);
    const missing = flags.find(({ name, isRequired }) => isRequired && !given.has(name));
    if (missing) command.error(`error: required option '--${missing.name}' not specified`);
    return given;
  }

  function isSetByNpm(option: string): boolean {
    return env[`npm_config_${option}`] === 'true';
  }
}
