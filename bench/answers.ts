import { get } from 'node:http';
import type { Request } from './requests.ts';

export interface Answer {
  status: number;
  /** Names and values, without the headers that node:http adds to every answer. */
  headers: string[];
  body: string;
  /** Its size on the wire. */
  bytes: number;
}

/** Sends one request to a server. */
export function ask(origin: string, { path, header }: Request): Promise<Answer> {
  const headers = header ? { [header.name]: header.value } : {};
  return new Promise((resolve, reject) => {
    get(origin + path, { headers }, async (res) => {
      const { statusCode: status = 0, statusMessage, rawHeaders } = res;
      const body = (await res.setEncoding('utf8').toArray()).join('');
      const head = `HTTP/1.1 ${status} ${statusMessage}\r\n\r\n`.length + sizeOf(rawHeaders);
      const own = rawHeaders.filter((_text, at) => !isAdded(rawHeaders[at - (at % 2)]));
      resolve({ status, headers: own, body, bytes: head + Buffer.byteLength(body) });
    }).on('error', reject);
  });
}

/** `: ` follows each name, and a line break each value. */
function sizeOf(headers: string[]): number {
  return headers.reduce((size, text) => size + text.length + 2, 0);
}

function isAdded(header: string | undefined): boolean {
  return /^(Date|Connection|Keep-Alive)$/i.test(header ?? '');
}
