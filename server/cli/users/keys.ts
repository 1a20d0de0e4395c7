import { findKeyByPrefix, listKeys } from '../../../db/api-keys/list.ts';
import { removeKey } from '../../../db/api-keys/remove.ts';
import { CommandError, operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';

export const keysList: UserCommand = {
  usage: 'list <NAME>',
  help: 'prefix, label, created, expires, last used of each key',
  async run(db, [name]) {
    const { id } = await namedUser(db, name);
    const keys = await listKeys(db, id);
    const lines = keys.map((key) =>
      [
        key.prefix,
        key.label || '-',
        key.createdAt.toISOString(),
        key.expiresAt?.toISOString() ?? 'never',
        key.lastUsedAt?.toISOString() ?? 'never',
      ].join('\t'),
    );
    return { text: lines.join('\n'), json: keys.map(({ id: _, readAt: __, ...key }) => key) };
  },
};

export const keysRemove: UserCommand = {
  usage: 'remove <NAME> <PREFIX>',
  help: 'remove one, by the prefix that the list shows',
  async run(db, [name, prefix = '']) {
    const { id, username } = await namedUser(db, name);
    const keyId = await findKeyByPrefix(db, id, prefix);
    const outcome = keyId && (await removeKey(db, id, keyId, 'operator', operator));
    if (outcome !== 'removed') throw new CommandError(`${username} has no key ${prefix}.`);
    return { text: `Removed ${prefix} of ${username}.`, json: { username, prefix } };
  },
};
