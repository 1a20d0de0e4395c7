import { insertEvent } from '../../../db/events.ts';
import { endSessionsOf } from '../../../db/open-sessions.ts';
import { changePasswordDigest } from '../../../db/users.ts';
import { type Command, operator } from '../command.ts';
import { namedUser } from './named-user.ts';
import { newPasswordDigest } from './new-password.ts';

export const password: Command = {
  takes: ['NAME'],
  help: 'set a new password; ends their sessions, not their keys',
  async run(db, [name]) {
    const { id, username } = await namedUser(db, name);
    const passwordDigest = await newPasswordDigest();
    await db.transaction().execute(async (trx) => {
      await changePasswordDigest(trx, id, passwordDigest);
      await endSessionsOf(trx, username);
      await insertEvent(trx, { kind: 'password changed', userId: id, ...operator });
    });
    return { text: `Changed the password of ${username}.`, json: { username } };
  },
};
