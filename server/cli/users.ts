// `npm run users -- COMMAND`: what an operator does with users and their keys.
import { runUsers } from './users/run-users.ts';

process.exitCode = await runUsers(process.argv.slice(2), process);
