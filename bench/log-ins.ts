import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD } from '../server/testing/users.ts';
import { Visitor } from '../server/testing/visitor.ts';

/** Keeps `atOnce` log ins of different users in progress while `work` runs. */
export async function whileLoggingIn<Result>(
  origin: string,
  atOnce: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const devices: Visitor[] = [];
  // One after the other: each counts as failed until it is checked, so many at once would make their
  // IP address wait. Afterwards the devices are known.
  for (let n = 0; n < atOnce; n++) {
    const device = new Visitor(origin);
    await logIn(device, n + 1);
    devices.push(device);
  }
  let isStopped = false;
  let done = 0;
  const all = Promise.all(devices.map((device, n) => logInRepeatedly(device, n + 1)));
  try {
    while (done === 0) await Promise.race([all, sleep(10)]);
    return await Promise.race([
      work(),
      all.then(() => Promise.reject(new Error('The log ins ended too early.'))),
    ]);
  } finally {
    isStopped = true;
    await all;
  }

  async function logInRepeatedly(device: Visitor, user: number): Promise<void> {
    while (!isStopped) {
      await logIn(device, user);
      done++;
    }
  }
}

async function logIn(device: Visitor, user: number): Promise<void> {
  device.closeBrowser();
  await device.get('/login');
  const username = `user${String(user).padStart(6, '0')}`;
  const answer = await device.post('/login', { username, password: PASSWORD, next: '' });
  if (answer.status !== 303) throw new Error(`A log in was answered with ${answer.status}.`);
}
