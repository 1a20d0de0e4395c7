import { listUsers } from '../../../db/users.ts';
import type { UserCommand } from '../command.ts';

export const list: UserCommand = {
  usage: 'list',
  help: 'all users; since when they are disabled; two-factor authentication; temporary passwords',
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
  twoFactor: boolean;
}

function remarksOn(user: Listed): string[] {
  const { disabledAt, passwordLapsesAt, passwordLapsed, twoFactor } = user;
  const lapse = passwordLapsed ? 'lapsed' : 'lapses';
  return [
    ...(disabledAt ? [`disabled ${disabledAt.toISOString()}`] : []),
    ...(twoFactor ? ['two-factor authentication'] : []),
    ...(passwordLapsesAt ? [`temporary password ${lapse} ${passwordLapsesAt.toISOString()}`] : []),
  ];
}
