import { insertEvent } from '../../../db/events.ts';
import { changePermissions, describeUser } from '../../../db/users.ts';
import { isPermission } from '../../auth/permissions.ts';
import { type Command, CommandError, operator } from '../command.ts';
import { namedUser } from './named-user.ts';

export const permissions: Command = {
  takes: ['NAME'],
  more: 'PERMISSION',
  option: { name: 'none', shown: '--none' },
  help: "what they and their keys may do; or set it ('*': all)",
  async run(db, [name, ...given], { none = false }) {
    const { id, username } = await namedUser(db, name);
    const wrong = given.find((permission) => permission !== '*' && !isPermission(permission));
    if (wrong !== undefined) throw new CommandError(`"${wrong}" can't be a permission.`);
    if (none && given.length > 0) throw new CommandError('Give permissions or --none, not both.');
    if (none || given.length > 0) {
      await db.transaction().execute(async (trx) => {
        await changePermissions(trx, id, given);
        await insertEvent(trx, { kind: 'permissions changed', userId: id, ...operator });
      });
    }
    const { permissions } = await describeUser(db, id);
    return { text: permissions.join(' ') || '(none)', json: { username, permissions } };
  },
};
