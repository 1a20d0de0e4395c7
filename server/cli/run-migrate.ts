import type { Terminal } from './command.ts';
import { runCommand } from './run.ts';

/** Brings the schema up to date, and resolves with the exit code. Takes no arguments. */
export async function runMigrate(args: string[], terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal;
  if (args.length > 0) {
    const isHelp = args[0] === '--help';
    (isHelp ? stdout : stderr).write(
      'npm run migrate takes no arguments. It brings the tables of the database up to date.\n',
    );
    return isHelp ? 0 : 2;
  }
  return runCommand(
    terminal,
    async () => {
      // Opening the database has migrated it.
      stdout.write('The database is up to date.\n');
    },
    { empty: 'allowed' },
  );
}
