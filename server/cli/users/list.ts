import { listUsers } from '../../../db/users.ts';
import type { UserCommand } from '../command.ts';

export const list: UserCommand = {
  usage: 'list',
  help: 'all users; since when they are disabled; temporary passwords',
  async run(db) {
    const users = await listUsers(db);
    const lines = users.map((user) =>
      [user.username, user.email ?? '-', ...remarksOn(user)].join('\t'),
    );
    return { text: lines.join('\n'), json: users };
  },
};

interface Listed {
  disabledAt: Date | null;
  passwordLapsesAt: Date | null;
  passwordLapsed: boolean;
}

function remarksOn({ disabledAt, passwordLapsesAt, passwordLapsed }: Listed): string[] {
  const lapse = passwordLapsed ? 'lapsed' : 'lapses';
  return [
    ...(disabledAt ? [`disabled ${disabledAt.toISOString()}`] : []),
    ...(passwordLapsesAt ? [`temporary password ${lapse} ${passwordLapsesAt.toISOString()}`] : []),
  ];
}
