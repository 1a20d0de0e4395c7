import type { Database } from './database.ts';

/**
 * The id of this database, 12 hexadecimal digits: the same for every instance that uses it, and
 * different for every other database. Not a secret.
 */
export async function findInstallationId(db: Database): Promise<string> {
  const { id } = await db.selectFrom('installation').select('id').executeTakeFirstOrThrow();
  return id;
}
