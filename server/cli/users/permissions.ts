import { setPermissions } from '../../../db/user-changes.ts';
import { describeUser } from '../../../db/users.ts';
import { isPermission } from '../../auth/permissions.ts';
import { CommandError, operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';

export const permissions: UserCommand = {
  usage: 'permissions <NAME> [PERMISSION...]',
  help: "show or set what a user and their keys may do ('*': all, none: nothing)",
  async run(db, [name, ...given]) {
    const user = await namedUser(db, name);
    const { id, username } = user;
    const wrong = given.find((permission) => permission !== '*' && !isPermission(permission));
    if (wrong !== undefined) throw new CommandError(`"${wrong}" can't be a permission.`);
    const isNone = given.includes('none');
    if (isNone && given.length > 1) throw new CommandError('Give permissions or none, not both.');
    if (given.length > 0) await setPermissions(db, user, isNone ? [] : given, operator);
    const { permissions } = await describeUser(db, id);
    return { text: permissions.join(' ') || '(none)', json: { username, permissions } };
  },
};
