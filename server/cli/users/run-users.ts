import { Command, CommanderError } from 'commander';
import type { Terminal, UserCommand } from '../command.ts';
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

const ABOUT = `
A password is asked for twice, or read from standard input. Every change is an event, and the user
sees it under Activity.

  npm run users add ada ada@example.com
  npm run --silent users -- keys list ada --json
  node server/cli/users.ts permissions ada domains linodes     (in the image)

The database is that of DATABASE_URL (or DATABASE_URL_FILE), also while the app runs; without it the
embedded one in DATA_DIR, for which the app has to be stopped. It must exist, and is brought up to
date.

Exit code: 0 done, 1 can't be done (the reason is on standard error), 2 not understood.`;

/** Does what the arguments say, and resolves with the exit code. */
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
  const commands = [list, show, add, disable, enable, password, permissions, reEncrypt];
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

  function addCommand(parent: Command, { usage, help, run }: UserCommand): void {
    const command = parent.command(usage).description(help);
    command.action(async () => {
      exitCode = await runCommand(terminal, async (db) => {
        const { text, json } = await run(db, command.args, terminal);
        if (program.opts().json || env.npm_config_json === 'true') {
          stdout.write(`${JSON.stringify(json)}\n`);
        } else if (text !== '') {
          stdout.write(`${text}\n`);
        }
      });
    });
  }
}
