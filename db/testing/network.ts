import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

/** A way to a server over TCP that can fall silent, as a network does. */
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
    if (address === null || typeof address === 'string') throw new Error('It has no port.');
    return address.port;
  }

  /** From now on nothing comes through, in either direction, and neither end is notified. */
  fallSilent(): void {
    this.#isSilent = true;
    for (const end of this.#ends) end.pause();
  }

  /**
   * New connections come through again. The old ones stay silent, as where a router has forgotten
   * them; or, with `theOldToo`, they continue where they were.
   */
  recover({ theOldToo }: { theOldToo: boolean }): void {
    this.#isSilent = false;
    if (theOldToo) for (const end of this.#ends) end.resume();
  }

  close(): void {
    this.#server.close();
    for (const end of this.#ends) end.destroy();
  }
}
