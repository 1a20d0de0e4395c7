import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Answer } from './answers.ts';
import { cpuOf } from './cpu.ts';
import type { Requests } from './requests.ts';
import { pidOf } from './servers.ts';

/** Requests for a server, and the status and size of the answer that each must get. */
export interface Load {
  origin: string;
  requests: Requests;
  answer: Answer;
}

export interface Outcome {
  perSecond: number;
  /** The 99th percentile of response times, in ms. */
  p99: number;
  requests: number;
  /** The CPU time of the server, in seconds for each request. */
  cpu: number;
}

/** @throws when an answer was not the expected one. */
export async function measure(load: Load, seconds: number, connections = 50): Promise<Outcome> {
  const pid = pidOf(load.origin);
  const cpuBefore = cpuOf(pid);
  const counts = await wrk(load, seconds, connections);
  const cpu = (cpuOf(pid) - cpuBefore) / counts.requests;
  const { status, bytes } = load.answer;
  const size = counts.bytes / counts.requests;
  const refused = status < 400 ? 0 : counts.requests;
  // wrk only distinguishes errors from other statuses, but each kind of answer has its own size.
  const isOfOneSize = Math.abs(size / bytes - 1) < 0.002;
  if (counts.requests === 0 || counts.broken > 0 || counts.refused !== refused || !isOfOneSize) {
    throw new Error(
      `${load.origin} did not always answer with ${status} and ${bytes} bytes: of ` +
        `${counts.requests} requests ${counts.refused} were refused and ${counts.broken} broken, ` +
        `and an answer had ${size.toFixed(1)} bytes.`,
    );
  }
  return {
    perSecond: counts.requests / counts.seconds,
    p99: counts.p99,
    requests: counts.requests,
    cpu,
  };
}

/** What load.lua prints. */
interface Counts {
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
): Promise<Counts> {
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
  const result = /^RESULT (.*)$/m.exec(output)?.[1];
  if (result === undefined) throw new Error(`wrk failed:\n${output}`);
  return JSON.parse(result);
}
