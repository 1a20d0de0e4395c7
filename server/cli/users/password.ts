import { insertEvent } from '../../../db/events.ts';
import { forgetAddresses } from '../../../db/known-addresses.ts';
import { endSessionsOf } from '../../../db/open-sessions.ts';
import { changePasswordDigest } from '../../../db/users.ts';
import { operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';
import { newPasswordDigest } from './new-password.ts';

export const password: UserCommand = {
  usage: 'password <NAME>',
  help: 'set a new password; ends their sessions, not their keys',
  async run(db, [name], terminal) {
    const user = await namedUser(db, name);
    const { id, username } = user;
    const passwordDigest = await newPasswordDigest(terminal, user);
    await db.transaction().execute(async (trx) => {
      await changePasswordDigest(trx, id, passwordDigest);
      await endSessionsOf(trx, username);
      await forgetAddresses(trx, id, { except: null });
      await insertEvent(trx, { kind: 'password changed', userId: id, ...operator });
    });
    return { text: `Changed the password of ${username}.`, json: { username } };
  },
};
