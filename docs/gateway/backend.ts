// A service that does not check keys. The gateway has checked every request, and the headers name the
// user, so only the gateway may reach it.
import { createServer } from 'node:http';

const { HOST = '127.0.0.1', PORT = '3001' } = process.env;

const server = createServer(({ headers }, res) => {
  res.setHeader('Content-Type', 'text/plain');
  res.end(`Hello, ${headers['x-auth-user']}. Your key was accepted.\n`);
});
server.listen(Number(PORT), HOST, () => console.log('listening at', server.address()));
process.once('SIGTERM', () => process.exit(0));
