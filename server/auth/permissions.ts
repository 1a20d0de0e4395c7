/** What a permission is called; `*`, which is all of them, is none itself. */
export function isPermission(text: string): boolean {
  return /^[a-z][a-z0-9._-]{0,63}$/.test(text);
}

/** Whether somebody with these permissions may do this now. */
export function isPermitted(permissions: string[], permission: string): boolean {
  return permissions.includes('*') || permissions.includes(permission);
}
