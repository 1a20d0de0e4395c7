import { listUsers } from '../../../db/users.ts';
import type { UserCommand } from '../command.ts';

export const list: UserCommand = {
  usage: 'list',
  help: 'all users, and since when they are disabled',
  async run(db) {
    const users = await listUsers(db);
    const lines = users.map(({ username, email, disabledAt }) =>
      [username, email ?? '-', disabledAt ? `disabled ${disabledAt.toISOString()}` : '']
        .join('\t')
        .trimEnd(),
    );
    return { text: lines.join('\n'), json: users };
  },
};
