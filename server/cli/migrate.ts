// `npm run migrate`: brings the schema up to date. The app does the same as it starts.
import { runCommand } from './run.ts';

const [, , ...args] = process.argv;

if (args.length === 0) {
  process.exitCode = await runCommand(
    process,
    async () => {
      // Opening the database has migrated it.
      console.log('The database is up to date.');
    },
    { empty: 'allowed' },
  );
} else {
  const isHelp = args[0] === '--help';
  const print = isHelp ? console.log : console.error;
  print('npm run migrate takes no arguments. It brings the tables of the database up to date.');
  process.exitCode = isHelp ? 0 : 2;
}
