import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Answer } from './answers.ts';
import type { Requests } from './requests.ts';

/** Requests for a server, and the answer that each of them has to get, as to status and size. */
export interface Load {
  origin: string;
  requests: Requests;
  answer: Answer;
}

export interface Outcome {
  perSecond: number;
  /** Milliseconds that 99 of 100 requests did not exceed. */
  p99: number;
  requests: number;
}

/** @throws when an answer was not the one that was expected. */
export async function measure(load: Load, seconds: number, connections = 50): Promise<Outcome> {
  const told = await wrk(load, seconds, connections);
  const { status, bytes } = load.answer;
  const size = told.bytes / told.requests;
  const refused = status < 400 ? 0 : told.requests;
  // wrk tells a refusal from the rest, and no more; but each kind of answer has its own size.
  const isOfOneSize = Math.abs(size / bytes - 1) < 0.002;
  if (told.requests === 0 || told.broken > 0 || told.refused !== refused || !isOfOneSize) {
    throw new Error(
      `${load.origin} did not always answer with ${status} and ${bytes} bytes: of ` +
        `${told.requests} requests ${told.refused} were refused and ${told.broken} broken, ` +
        `and an answer had ${size.toFixed(1)} bytes.`,
    );
  }
  return { perSecond: told.requests / told.seconds, p99: told.p99, requests: told.requests };
}

/** What load.lua prints. */
interface Told {
  requests: number;
  seconds: number;
  bytes: number;
  refused: number;
  broken: number;
  p99: number;
}

async function wrk(
  { origin, requests }: Load,
  seconds: number,
  connections: number,
): Promise<Told> {
  const script = path.join(import.meta.dirname, 'load.lua');
  const options = { threads: 1, connections, duration: seconds, script };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const child = spawn('wrk', [...args, origin, '--', requests.file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  const told = /^RESULT (.*)$/m.exec(output)?.[1];
  if (told === undefined) throw new Error(`wrk failed:\n${output}`);
  return JSON.parse(told);
}
