// What node:http can do at most: one answer, always the same, made from nothing.
import { createServer } from 'node:http';

const { status, headers } = JSON.parse(process.env.ANSWER ?? '{}');

createServer((_req, res) => {
  res.writeHead(status, headers).end();
}).listen(Number(process.env.PORT), '127.0.0.1');
