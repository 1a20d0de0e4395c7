// `npm run migrate`: brings the schema up to date. The app does the same as it starts.
import { runCommand } from './run.ts';

process.exitCode = await runCommand(
  process,
  async () => {
    // Opening the database has migrated it.
    console.log('The database is up to date.');
  },
  { empty: 'allowed' },
);
