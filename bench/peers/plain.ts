// The maximum of node:http: always the same answer, without any work.
import { createServer } from 'node:http';

const { status, headers } = JSON.parse(process.env.ANSWER ?? '{}');

createServer((_req, res) => {
  res.writeHead(status, headers).end();
}).listen(Number(process.env.PORT), '127.0.0.1');
