import { type Database, openDatabase } from '../../db/database.ts';
import { loadDatabaseLocation } from '../config/config.ts';
import { startProblem } from '../start-problem.ts';

/** Runs a command on the configured database. Exit code 1, with a sentence, when it can't. */
export async function runCommand(command: (db: Database) => Promise<void>): Promise<void> {
  try {
    const db = await openDatabase(loadDatabaseLocation(process.env));
    await command(db).finally(() => db.destroy());
  } catch (error) {
    const sentence = startProblem(error);
    if (sentence === undefined) throw error;
    console.error(sentence);
    process.exitCode = 1;
  }
}
