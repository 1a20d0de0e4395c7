import { insertEvent } from '../../../db/events.ts';
import { endSessionsOf } from '../../../db/open-sessions.ts';
import { setDisabled } from '../../../db/users.ts';
import { type Command, operator } from '../command.ts';
import { namedUser } from './named-user.ts';

export const disable: Command = {
  takes: ['NAME'],
  help: 'end their sessions; refuse their keys, and new sessions',
  async run(db, [name]) {
    const { id, username } = await namedUser(db, name);
    await db.transaction().execute(async (trx) => {
      await setDisabled(trx, username, true);
      await endSessionsOf(trx, username);
      await insertEvent(trx, { kind: 'user disabled', userId: id, ...operator });
    });
    return { text: `Disabled ${username}.`, json: { username, disabled: true } };
  },
};
