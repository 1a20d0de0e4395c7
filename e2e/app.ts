import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export type Command = Simple | { action: 'give a past'; username: string; keys: PastKey[] };

interface Simple {
  action: 'add user' | 'let re-authentication pass' | 'let two hours pass';
  username: string;
}

/** A key from before the walk began. Times are as JSON has them. */
export interface PastKey {
  label: string;
  prefix: string;
  via: 'Linode Manager' | 'API';
  createdAt: string;
  expiresAt?: string;
  lastUsedAt?: string;
  lastUsedIp?: string;
}

/** The process of server.ts, seen from the tests. */
export class App {
  readonly origin: string;
  readonly #process: ChildProcess;
  #lastId = 0;

  private constructor(child: ChildProcess, origin: string) {
    this.#process = child;
    this.origin = origin;
  }

  static async start(database: string): Promise<App> {
    const program = path.resolve(import.meta.dirname, 'server.ts');
    const child = fork(program, [database], { execArgv: [] });
    const [ready]: { origin: string }[] = await once(child, 'message');
    if (!ready) throw new Error('The app did not start.');
    return new App(child, ready.origin);
  }

  async perform(action: Simple['action'], username: string): Promise<void> {
    await this.#ask({ action, username });
  }

  /** Somebody has had these keys for a while. */
  async givePast(username: string, keys: PastKey[]): Promise<void> {
    await this.#ask({ action: 'give a past', username, keys });
  }

  async #ask(command: Command): Promise<void> {
    const id = ++this.#lastId;
    this.#process.send({ id, command });
    await new Promise<void>((resolve) => {
      const listen = (message: { done: number }) => {
        if (message.done !== id) return;
        this.#process.off('message', listen);
        resolve();
      };
      this.#process.on('message', listen);
    });
  }

  /** Stops it; it has looked for secrets in its log and database, and fails where it found one. */
  async stop(): Promise<void> {
    this.#process.disconnect();
    const [code]: (number | null)[] = await once(this.#process, 'exit');
    if (code !== 0) throw new Error('The app did not end well; what it said stands above.');
  }
}
