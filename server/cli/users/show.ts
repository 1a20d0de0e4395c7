import { countActiveKeys } from '../../../db/api-keys.ts';
import { describeUser } from '../../../db/users.ts';
import type { Command } from '../command.ts';
import { namedUser } from './named-user.ts';

export const show: Command = {
  takes: ['NAME'],
  help: 'what is known of a user, but for keys and password',
  async run(db, [username]) {
    const { id } = await namedUser(db, username);
    const user = { ...(await describeUser(db, id)), activeKeys: await countActiveKeys(db, id) };
    const lines = Object.entries(user).map(([name, value]) => `${name}\t${inWords(value)}`);
    return { text: lines.join('\n'), json: user };
  },
};

function inWords(value: string | number | Date | string[] | null): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.join(' ') || '-';
  return String(value ?? '-');
}
