import type { Request } from 'express';
import type { Database } from '../../db/database.ts';
import { recognizeDevice } from '../../db/devices.ts';
import type { Client } from '../../db/events.ts';
import { type Address, listNetworks, lookUpAddress } from '../../db/known-addresses.ts';
import { client } from '../http/client.ts';
import { presentedDevices } from './devices.ts';

/** Who sends a password, and how to find out whether they are known to the user. */
export interface Caller extends Client {
  /** @param username it may be unknown */
  recognize(db: Database, username: string): Promise<Recognized>;
}

/** An address, or a device that is known whatever its address. */
export type Recognized = Address | { kind: 'device'; id: number; networks: string[] };

/** A browser, known by its device and never by its address. */
export function browser(req: Request): Caller {
  const from = client(req);
  return {
    ...from,
    async recognize(db, username) {
      const networks = await listNetworks(db, from.ip);
      const id = await recognizeDevice(db, username, presentedDevices(req));
      if (id !== undefined) return { kind: 'device', id, networks };
      return { kind: from.ip === null ? 'none' : 'new', networks };
    },
  };
}

/** A program, known by its address. */
export function program(from: Client): Caller {
  return { ...from, recognize: (db, username) => lookUpAddress(db, username, from.ip) };
}
