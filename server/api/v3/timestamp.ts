/** The UTC fields of a date as the API writes them: `2015-06-25 23:52:06`. */
export function timestamp(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
