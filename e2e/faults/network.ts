import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a Unix socket over TCP, that can fall silent as a network does. */
export class Network {
  readonly #server;
  readonly #ends = new Set<Socket>();
  #isSilent = false;

  constructor(socket: string) {
    this.#server = createServer((near) => {
      const far = connect(socket);
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

  /** Nothing comes through any more, in either direction; nobody is told. */
  fallSilent(): void {
    this.#isSilent = true;
    for (const end of this.#ends) end.pause();
  }

  /**
   * New connections come through again. Those of before stay silent for ever, as where a router
   * has forgotten them; or, with `theOldToo`, go on where they were.
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
