import pg from 'pg';

/** One of the servers that DATABASE_URL names. */
export interface Server {
  /** A URL that names only this server. */
  url: string;
  /** Its host and port, or the folder of its socket. */
  name: string;
}

/** What is wrong with a URL, in words that do not repeat it: it may contain a password. */
export class WrongUrl extends Error {}

const PARTS = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#]*)([^?#]*)\??([^#]*)/;

/**
 * The servers of a URL in their order, for `pg`, which knows one at a time. As in psql the URL may be
 * `postgres://user@a:1,b:2/db`, `postgres://user@/db?host=a,b&port=1,2`, or name folders as hosts.
 *
 * @throws {WrongUrl}
 */
export function serversOf(url: string): Server[] {
  const [, start = '', authority = '', path = '', query = ''] = PARTS.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  const hosts = parameters.get('host')?.split(',');
  const ports = parameters.get('port')?.split(',') ?? [];
  const places = hosts ?? authority.split(',');
  if (places.length === 1 && ports.length <= 1) return [serverOf(url)];
  if (places.includes('')) throw new WrongUrl('names a host without a name');
  if (ports.length > 1 && ports.length !== places.length) {
    throw new WrongUrl(`names ${places.length} hosts and ${ports.length} ports`);
  }
  return places.map((place, n) => {
    const own = new URLSearchParams(parameters);
    if (hosts) own.set('host', place);
    const port = ports[n] ?? ports[0];
    if (port !== undefined) own.set('port', port);
    return serverOf(`${start}${hosts ? '' : place}${path}?${own}`);
  });
}

function serverOf(url: string): Server {
  const { host, port } = new pg.Client({ connectionString: url });
  return { url, name: host.startsWith('/') ? host : `${host}:${port}` };
}

/** The value of `target_session_attrs`, with which psql chooses among several servers. */
export function targetOf(url: string): string | null {
  return new URLSearchParams(PARTS.exec(url)?.[4]).get('target_session_attrs');
}
