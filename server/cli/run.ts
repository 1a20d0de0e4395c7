import { type Database, openDatabase } from '../../db/database.ts';
import { loadDatabaseLocation } from '../config/config.ts';
import { startProblem } from '../start-problem.ts';
import { Interrupted, type Terminal } from './command.ts';

/**
 * Runs a command on the configured database, and resolves with the exit code: 0 done, 1 can't be
 * done (standard error has a sentence), 130 interrupted.
 *
 * @param empty whether the command may create the tables in an empty PostgreSQL database. A command
 *   never creates a database: otherwise, a command in the wrong folder would use a new one.
 */
export async function runCommand(
  { env, stderr }: Terminal,
  command: (db: Database) => Promise<void>,
  { empty = 'refused' }: { empty?: 'refused' | 'allowed' } = {},
): Promise<number> {
  try {
    const location = loadDatabaseLocation(env);
    const create = empty === 'allowed' && 'url' in location;
    const db = await openDatabase(location, { create });
    await command(db).finally(() => db.destroy());
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    const sentence = startProblem(error);
    if (sentence === undefined) throw error;
    stderr.write(`${sentence}\n`);
    return 1;
  }
}
