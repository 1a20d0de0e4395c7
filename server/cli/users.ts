// `npm run users -- add|list|disable|enable|password`: the operator's commands.
import { parseArgs } from 'node:util';
import type { Database } from '../../db/database.ts';
import { endSessionsOf } from '../../db/open-sessions.ts';
import {
  changePasswordDigest,
  findUser,
  insertUser,
  listUsers,
  setDisabled,
} from '../../db/users.ts';
import { passwordProblem } from '../auth/password-rules.ts';
import { startPasswords } from '../auth/passwords.ts';
import { usernameProblem } from '../auth/username.ts';
import { askForPassword } from './ask-for-password.ts';
import { CommandError, runCommand } from './run.ts';

const USAGE = `Usage: npm run users -- COMMAND

  add NAME [--email ADDRESS]  add a user; asks for the password, or reads it from standard input
  list                        all users, and since when a disabled one is disabled
  disable NAME                end the user's sessions and refuse new ones
  enable NAME                 let a disabled user in again
  password NAME               set a new password; ends the user's sessions`;

const command = parseCommand(process.argv.slice(2));
if (command) {
  await runCommand(command);
} else {
  console.error(USAGE);
  process.exitCode = 1;
}

type Command = (db: Database) => Promise<void>;

function parseCommand(args: string[]): Command | undefined {
  const options = { email: { type: 'string' } } as const;
  // Not strict: an unknown option is answered with the usage, not with an exception.
  const { positionals, values } = parseArgs({
    args,
    options,
    allowPositionals: true,
    strict: false,
  });
  const { email, ...unknown } = values;
  const [name, username, ...rest] = positionals;
  if (Object.keys(unknown).length > 0 || rest.length > 0) return undefined;
  if (name === 'list' && username === undefined) return list;
  if (username === undefined) return undefined;
  if (name === 'add' && typeof email !== 'boolean') return (db) => add(db, username, email);
  if (name === 'disable') return (db) => disable(db, username);
  if (name === 'enable') return (db) => enable(db, username);
  if (name === 'password') return (db) => changePassword(db, username);
  return undefined;
}

async function list(db: Database) {
  for (const { username, email, disabledAt } of await listUsers(db)) {
    const disabled = disabledAt ? `disabled ${disabledAt.toISOString()}` : '';
    console.log([username, email ?? '-', disabled].join('\t').trimEnd());
  }
}

async function add(db: Database, username: string, email: string | undefined) {
  const problem = usernameProblem(username);
  if (problem) throw new CommandError(problem);
  if (await findUser(db, username)) throw new CommandError(`There is a user ${username} already.`);
  const passwordDigest = await newPasswordDigest();
  if (!(await insertUser(db, { username, email, passwordDigest }))) {
    throw new CommandError(`There is a user ${username} already.`);
  }
  console.log(`Added ${username}.`);
}

async function disable(db: Database, username: string) {
  await db.transaction().execute(async (trx) => {
    if (!(await setDisabled(trx, username, true))) throw unknownUser(username);
    await endSessionsOf(trx, username);
  });
  console.log(`Disabled ${username}.`);
}

async function enable(db: Database, username: string) {
  if (!(await setDisabled(db, username, false))) throw unknownUser(username);
  console.log(`Enabled ${username}.`);
}

async function changePassword(db: Database, username: string) {
  const user = await findUser(db, username);
  if (!user) throw unknownUser(username);
  const passwordDigest = await newPasswordDigest();
  await db.transaction().execute(async (trx) => {
    await changePasswordDigest(trx, user.id, passwordDigest);
    await endSessionsOf(trx, username);
  });
  console.log(`Changed the password of ${username}.`);
}

async function newPasswordDigest(): Promise<string> {
  const password = await askForPassword();
  const problem = passwordProblem(password);
  if (problem) throw new CommandError(problem);
  const passwords = await startPasswords();
  return passwords.hash(password).finally(passwords.close);
}

function unknownUser(username: string): CommandError {
  return new CommandError(`There is no user ${username}.`);
}
