import type { ChangedKeys, KeysNotFound } from '../../../db/api-keys/change.ts';
import {
  findKeyDetails,
  type KeyDetails,
  remainingSuccessor,
} from '../../../db/api-keys/details.ts';
import { findKeyBy, listKeys } from '../../../db/api-keys/list.ts';
import { MAX_PAUSE_MINUTES, pauseKeys, resumeKeys } from '../../../db/api-keys/pause.ts';
import { removeKeys } from '../../../db/api-keys/remove.ts';
import type { KeyStage } from '../../../db/api-keys/state.ts';
import { actionRefusals } from '../../../db/api-keys/transitions.ts';
import type { Database } from '../../../db/database.ts';
import { CommandError, type Outcome, operator, type UserCommand } from '../command.ts';
import { inLines } from '../facts.ts';
import { namedUser } from './named-user.ts';

const keysList: UserCommand = {
  usage: 'list <NAME>',
  help: 'prefix, label, created, expires, last used of each key',
  async run(db, [name]) {
    const { id } = await namedUser(db, name);
    const keys = await listKeys(db, id);
    const lines = keys.map((key) =>
      [
        key.prefix,
        key.label || '-',
        key.createdAt.toISOString(),
        key.expiresAt?.toISOString() ?? 'never',
        key.lastUsedAt?.toISOString() ?? 'never',
      ].join('\t'),
    );
    return { text: lines.join('\n'), json: keys.map(({ id: _, readAt: __, ...key }) => key) };
  },
};

const keysShow: UserCommand = {
  usage: 'show <NAME> <PREFIX>',
  help: 'what is known about a key; its prefix is in the list',
  async run(db, [name, prefix]) {
    const { userId, id } = await namedKey(db, name, prefix);
    const details = await findKeyDetails(db, userId, id);
    if (!details) throw new CommandError(`${name} has no key ${prefix}.`);
    const facts = factsOf(details);
    return { text: inLines(facts), json: facts };
  },
};

const keysPause: UserCommand = {
  usage: 'pause <NAME> <PREFIX> [MINUTES]',
  help: 'refuse a key for some minutes, or until it is resumed',
  async run(db, [name, prefix, minutes]) {
    const length = minutes === undefined ? 'until resumed' : { minutes: parseMinutes(minutes) };
    const { userId, id } = await namedKey(db, name, prefix);
    return report('Paused', name, await pauseKeys(db, userId, [id], length, operator));
  },
};

const keysResume: UserCommand = {
  usage: 'resume <NAME> <PREFIX>',
  help: 'end the pause of a key',
  async run(db, [name, prefix]) {
    const { userId, id } = await namedKey(db, name, prefix);
    return report('Resumed', name, await resumeKeys(db, userId, [id], operator));
  },
};

const keysRemove: UserCommand = {
  usage: 'remove <NAME> <PREFIX>',
  help: 'remove a key; its owner can undo this for a while',
  async run(db, [name, prefix]) {
    const { userId, id } = await namedKey(db, name, prefix);
    return report('Removed', name, await removeKeys(db, userId, [id], 'operator', operator));
  },
};

/** What an operator can do with the keys of a user. Rotating one would print a secret. */
export const keysCommands = [keysList, keysShow, keysPause, keysResume, keysRemove];

async function namedKey(db: Database, name = '', prefix = '') {
  const { id: userId, username } = await namedUser(db, name);
  const key = await findKeyBy(db, userId, { prefix });
  if (!key) throw new CommandError(`${username} has no key ${prefix}.`);
  return { userId, id: key.id };
}

function parseMinutes(text: string): number {
  const minutes = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  if (minutes >= 1 && minutes <= MAX_PAUSE_MINUTES) return minutes;
  throw new CommandError(`Minutes are a whole number from 1 to ${MAX_PAUSE_MINUTES}.`);
}

/** What was done with a key. A refusal is an error; where there was nothing to do, the text says so. */
function report(done: string, name = '', result: ChangedKeys | KeysNotFound): Outcome {
  if (result.outcome === 'not found') throw new CommandError('The key was deleted meanwhile.');
  const [changed] = result.changed;
  if (changed) {
    const { prefix } = changed;
    return { text: `${done} ${prefix} of ${name}.`, json: { username: name, prefix } };
  }
  const [unchanged] = result.unchanged;
  if (!unchanged) throw new CommandError('The key changed meanwhile. Try again.');
  const { weight, text } = actionRefusals[unchanged.refusal];
  if (weight === 'refused') throw new CommandError(text);
  return { text, json: { username: name, prefix: unchanged.prefix, unchanged: unchanged.refusal } };
}

function factsOf(key: KeyDetails) {
  return {
    prefix: key.prefix,
    label: key.label,
    note: key.note,
    state: stateInWords[key.stage],
    createdAt: key.createdAt,
    createdVia: key.createdVia,
    expiresAt: key.expiresAt,
    pausedUntil: key.pausedUntil,
    removedAt: key.removedAt,
    removedVia: key.removedVia,
    undoableUntil: key.undoableUntil,
    lastUsedAt: key.lastUsedAt,
    lastUsedIp: key.lastUsedIp,
    lastUsedAgent: key.lastUsedAgent,
    lateUsedAt: key.lateUsedAt,
    lateUsedIp: key.lateUsedIp,
    lateUsedAgent: key.lateUsedAgent,
    lateUseCount: key.lateUseCount,
    addresses: key.addresses.map(({ network }) => network),
    replaces: key.predecessor?.prefix ?? null,
    replacedBy: remainingSuccessor(key)?.prefix ?? null,
    replacedAt: key.replacedAt,
  };
}

const stateInWords = {
  active: 'active',
  paused: 'paused',
  expired: 'expired',
  undoable: 'removed',
  removed: 'removed',
  leaked: 'removed, leaked',
} as const satisfies Record<KeyStage, string>;
