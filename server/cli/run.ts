import { type Database, isDatabaseAway, openDatabase } from '../../db/database.ts';
import { FolderInUse, FolderReadOnly } from '../../db/embedded.ts';
import { SchemaTooNew } from '../../db/migrate.ts';
import { ConfigError, loadDatabaseLocation } from '../config.ts';
import { CommandError } from './command.ts';

/** Runs a command on the configured database. Exit code 1, with a sentence, when it can't. */
export async function runCommand(command: (db: Database) => Promise<void>): Promise<void> {
  try {
    const db = await openDatabase(loadDatabaseLocation(process.env));
    await command(db).finally(() => db.destroy());
  } catch (error) {
    const isExpected = [CommandError, ConfigError, FolderInUse, FolderReadOnly, SchemaTooNew].some(
      (kind) => error instanceof kind,
    );
    if (!isExpected && !isDatabaseAway(error)) throw error;
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
