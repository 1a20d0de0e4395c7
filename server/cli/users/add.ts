import { insertEvent } from '../../../db/events.ts';
import { describeUser, findUser, insertUser } from '../../../db/users.ts';
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
    const { permissions } = await db.transaction().execute(async (trx) => {
      const userId = await insertUser(trx, { username, email, passwordDigest });
      if (userId === undefined) throw isTaken;
      await insertEvent(trx, { kind: 'user added', userId, ...operator });
      return describeUser(trx, userId);
    });
    return {
      text: `Added ${username}, with these permissions: ${permissions.join(' ')} (* is all of them).`,
      json: { username, email: email ?? null, permissions },
    };
  },
};
