// The maximum of node:http: always the same answer, without any work. With TOGETHER, requests that arrive
// together are answered together, in one setImmediate.
import { createServer, type ServerResponse } from 'node:http';

const { status, headers } = JSON.parse(process.env.ANSWER ?? '{}');

const waiting: ServerResponse[] = [];

createServer((_req, res) => {
  if (!process.env.TOGETHER) answer(res);
  else if (waiting.push(res) === 1) setImmediate(() => waiting.splice(0).forEach(answer));
}).listen(Number(process.env.PORT), '127.0.0.1');

function answer(res: ServerResponse): void {
  res.writeHead(status, headers).end();
}
