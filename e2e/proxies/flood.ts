const CONNECTIONS = 4;
const MAX_REQUESTS = 2_000;

/**
 * Sends requests on a few connections, each as soon as the one before is answered, until one is
 * refused with 429. On a slow machine this takes more requests.
 *
 * @returns the status of each answer, in the order of arrival.
 */
export async function flood(origin: string): Promise<number[]> {
  const statuses: number[] = [];
  let sent = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (!statuses.includes(429) && sent++ < MAX_REQUESTS) {
        const answer = await fetch(origin);
        await answer.arrayBuffer();
        statuses.push(answer.status);
      }
    }),
  );
  return statuses;
}
