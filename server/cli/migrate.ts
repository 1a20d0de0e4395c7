// `npm run migrate`: brings the schema up to date. The app does the same when it starts.
import { runMigrate } from './run-migrate.ts';

process.exitCode = await runMigrate(process.argv.slice(2), process);
