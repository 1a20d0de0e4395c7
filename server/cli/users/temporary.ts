import { TEMPORARY_PASSWORD_DAYS } from '../../../db/users.ts';
import type { Flag } from '../command.ts';

/** The option of the commands that set a password. */
export const temporary: Flag = {
  name: 'temporary',
  help: `to be changed at the next log in, within ${TEMPORARY_PASSWORD_DAYS} days`,
};

/** What the operator is told about a temporary password. */
export const inWords = `It has to be changed at the next log in, within ${TEMPORARY_PASSWORD_DAYS} days.`;
