import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

/** A TCP connection to a server that can stop passing data, as a network can. */
export class Network {
  readonly #server;
  readonly #ends = new Set<Socket>();
  #isSilent = false;

  constructor(server: NetConnectOpts) {
    this.#server = createServer((near) => {
      const far = connect(server);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#ends.add(from);
        if (this.#isSilent) from.pause();
        from.on('data', (bytes) => to.write(bytes));
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#ends.delete(from);
          to.end();
        });
      }
      if (this.#isSilent) for (const end of [near, far]) end.pause();
    });
  }

  async open(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port.');
    return address.port;
  }

  /** Stops all data in both directions; neither end is notified. */
  fallSilent(): void {
    this.#isSilent = true;
    for (const end of this.#ends) end.pause();
  }

  /**
   * New connections work again. Existing ones stay silent, as when a router has lost its state;
   * with `existingToo`, they continue.
   */
  recover({ existingToo }: { existingToo: boolean }): void {
    this.#isSilent = false;
    if (existingToo) for (const end of this.#ends) end.resume();
  }

  close(): void {
    this.#server.close();
    for (const end of this.#ends) end.destroy();
  }
}
