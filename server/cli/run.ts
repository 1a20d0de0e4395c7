import { connectionProblem, type Database, openDatabase } from '../../db/database.ts';
import { FolderInUse, FolderReadOnly } from '../../db/embedded.ts';
import { SchemaTooNew } from '../../db/migrate.ts';
import { ConfigError, loadDatabaseLocation } from '../config/config.ts';
import { CommandError } from './command.ts';

/** Runs a command on the configured database. Exit code 1, with a sentence, when it can't. */
export async function runCommand(command: (db: Database) => Promise<void>): Promise<void> {
  try {
    const db = await openDatabase(loadDatabaseLocation(process.env));
    await command(db).finally(() => db.destroy());
  } catch (error) {
    const sentence = explain(error);
    if (sentence === undefined) throw error;
    console.error(sentence);
    process.exitCode = 1;
  }
}

function explain(error: unknown): string | undefined {
  const kinds = [CommandError, ConfigError, FolderInUse, FolderReadOnly, SchemaTooNew];
  if (error instanceof Error && kinds.some((kind) => error instanceof kind)) return error.message;
  return connectionProblem(error);
}
