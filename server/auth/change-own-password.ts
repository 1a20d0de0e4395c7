import type { Request } from 'express';
import type { Database } from '../../db/database.ts';
import type { User } from '../../db/users.ts';
import { withOwnPassword } from './own-password.ts';
import { isSamePassword } from './password-forms.ts';
import { passwordProblem } from './password-rules.ts';
import type { PasswordHasher, Passwords } from './passwords.ts';
import { signedInUser } from './require-sign-in.ts';
import { changePassword } from './sign-in.ts';

/** The fields of a form, as typed. */
type Fields = Record<'current_password' | 'new_password' | 'new_password_again', string>;

type Changed =
  | { outcome: 'changed' | 'signed out' }
  | {
      outcome: 'refused';
      status: 422 | 429;
      headers: Record<string, string>;
      problems: Partial<Fields>;
    };

/** Changes the password of the signed-in user, who gives the current one; otherwise says what is wrong. */
export async function changeOwnPassword(
  { db, passwords }: { db: Database; passwords: Passwords },
  req: Request,
  form: Fields,
): Promise<Changed> {
  const problems = newPasswordProblems(form, signedInUser(req).username);
  const checked = await withOwnPassword({ db, passwords }, req, form.current_password, use);
  if ('problem' in checked) {
    const status = checked.status === 429 ? 429 : 422;
    return refused({ current_password: checked.problem, ...problems }, status, checked.headers);
  }
  if (checked.result === 'refused') return refused(problems);
  if (checked.result === 'the current one') {
    const problem = 'This is your current password. Choose another one.';
    return refused({ ...problems, new_password: problem });
  }
  return { outcome: checked.result };

  async function use(user: User, hasher: PasswordHasher) {
    if (isSamePassword(form.current_password, form.new_password)) return 'the current one';
    if (Object.keys(problems).length > 0) return 'refused';
    const newDigest = await hasher.hash(form.new_password);
    return (await changePassword(db, req, user, newDigest)) ? 'changed' : 'signed out';
  }
}

function refused(
  problems: Partial<Fields>,
  status: 422 | 429 = 422,
  headers: Record<string, string> = {},
): Changed {
  return { outcome: 'refused', status, headers, problems };
}

function newPasswordProblems(form: Fields, username: string): Partial<Fields> {
  const problem = passwordProblem(form.new_password, username);
  const isSameAgain = isSamePassword(form.new_password, form.new_password_again);
  return {
    ...(problem !== undefined && { new_password: problem }),
    ...(!isSameAgain && { new_password_again: 'The passwords do not match.' }),
  };
}
