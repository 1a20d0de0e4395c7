import { once } from 'node:events';
import type { Server } from 'node:http';
import { OperatorError } from '../../db/errors.ts';

/**
 * Resolves when the server accepts connections.
 *
 * @throws {OperatorError} when the address can't be used.
 */
export async function listen(
  server: Server,
  port: number | undefined,
  host: string,
): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening').catch((error) => {
    const problem = listenProblem(error, `Port ${port} on ${host}`);
    throw problem === undefined ? error : new OperatorError(problem, { cause: error });
  });
}

/** Why an address can't be listened on, in a sentence for the operator. */
export function listenProblem(error: unknown, address: string): string | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${address} is in use. Set PORT (or METRICS_PORT, if this is the metrics port) to another port.`;
    case 'EACCES':
      return (
        `${address} can't be opened by this user (EACCES). Set PORT (or METRICS_PORT, if this is the ` +
        'metrics port) to 1024 or above, with a proxy in front of it.'
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST is not an address of this machine (${error.message}).`;
    default:
      return undefined;
  }
}
