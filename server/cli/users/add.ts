import { insertEvent } from '../../../db/events.ts';
import { findUser, insertUser } from '../../../db/users.ts';
import { usernameProblem } from '../../auth/username.ts';
import { type Command, CommandError, operator } from '../command.ts';
import { newPasswordDigest } from './new-password.ts';

export const add: Command = {
  takes: ['NAME'],
  option: { name: 'email', shown: '--email ADDRESS' },
  help: 'add a user, with a password',
  async run(db, [username = ''], { email }) {
    const problem = usernameProblem(username);
    if (problem) throw new CommandError(problem);
    const isTaken = new CommandError(`There is a user ${username} already.`);
    if (await findUser(db, username)) throw isTaken;
    const passwordDigest = await newPasswordDigest();
    await db.transaction().execute(async (trx) => {
      const userId = await insertUser(trx, { username, email, passwordDigest });
      if (userId === undefined) throw isTaken;
      await insertEvent(trx, { kind: 'user added', userId, ...operator });
    });
    return { text: `Added ${username}.`, json: { username, email: email ?? null } };
  },
};
