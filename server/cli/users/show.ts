import { countActiveKeys } from '../../../db/api-keys/list.ts';
import { describeUser } from '../../../db/users.ts';
import type { UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';

export const show: UserCommand = {
  usage: 'show <NAME>',
  help: 'what is known of a user',
  async run(db, [username]) {
    const { id } = await namedUser(db, username);
    const user = { ...(await describeUser(db, id)), activeKeys: await countActiveKeys(db, id) };
    const lines = Object.entries(user).map(
      ([name, value]) => `${nameInWords(name)}\t${valueInWords(value)}`,
    );
    return { text: lines.join('\n'), json: user };
  },
};

/** `disabledAt` is "disabled at". */
function nameInWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function valueInWords(value: string | number | Date | string[] | null): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.join(' ') || '(none)';
  return String(value ?? '-');
}
