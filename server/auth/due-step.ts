/** A step of the log in after password and code. */
export type DueStep = 'change password' | 'set up two-factor';

/** The part of the configuration that decides which steps are due. */
export interface StepPolicy {
  requireTwoFactor: boolean;
}

/** The step that a user has to take next, before anything else is open to them; undefined for none. */
export function dueStepOf(
  user: { isPasswordTemporary: boolean; hasTwoFactor: boolean },
  { requireTwoFactor }: StepPolicy,
): DueStep | undefined {
  if (user.isPasswordTemporary) return 'change password';
  return requireTwoFactor && !user.hasTwoFactor ? 'set up two-factor' : undefined;
}
