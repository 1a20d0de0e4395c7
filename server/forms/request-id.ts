import { HttpError } from '../http/errors.ts';

/**
 * The request_id of a posted form. Each page that shows the form has a new one, so that a repeated post
 * creates nothing.
 *
 * @throws {HttpError} 400 where it is not a UUID.
 */
export function requestIdOf({ request_id: id }: { request_id: string }): string {
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  if (!isUuid) throw new HttpError(400, 'The form lacks its request_id.');
  return id;
}
