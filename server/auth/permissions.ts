/** Whether a text can be the name of a permission. `*`, which stands for all of them, is not one. */
export function isPermission(text: string): boolean {
  return /^[a-z][a-z0-9._-]{0,63}$/.test(text);
}

/** Whether a permission is among these permissions, or `*` is. */
export function isPermitted(permissions: string[], permission: string): boolean {
  return permissions.includes('*') || permissions.includes(permission);
}
