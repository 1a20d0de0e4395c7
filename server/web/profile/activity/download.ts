import { type Request, type Response, Router } from 'express';
import { type RecordedEvent, readEvents } from '../../../../db/activity.ts';
import type { Database } from '../../../../db/database.ts';
import type { EventDetails } from '../../../../db/event-kinds.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { sendParts } from '../../../http/send-parts.ts';
import { csvLine } from '../../../pages/csv.ts';
import { describe } from '../../../pages/event-words.ts';
import { readActivityQuery } from './query.ts';

/** How a download writes events. */
interface Format {
  contentType: string;
  /** Before the first event. */
  head: string;
  line(event: RecordedEvent): string;
}

type Value = string | number | null | EventDetails;

/** The columns of CSV and the members of NDJSON. Times are ISO 8601, in UTC. */
const columns: Record<string, (event: RecordedEvent) => Value> = {
  id: ({ id }) => id,
  time: ({ at }) => at.toISOString(),
  kind: ({ kind }) => kind,
  description: describe,
  key_id: ({ keyId }) => keyId,
  key_label: ({ details }) => details.label ?? null,
  key_prefix: ({ details }) => details.prefix ?? null,
  address: ({ ip }) => ip,
  user_agent: ({ userAgent }) => userAgent,
  details: ({ details }) => details,
};

const csv: Format = {
  contentType: 'text/csv; charset=utf-8; header=present',
  head: csvLine(Object.keys(columns)),
  line: (event) => csvLine(Object.values(columns).map((read) => cell(read(event)))),
};

const ndjson: Format = {
  contentType: 'application/x-ndjson; charset=utf-8',
  head: '',
  line(event) {
    const members = Object.entries(columns).map(([name, read]) => [name, read(event)]);
    return `${JSON.stringify(Object.fromEntries(members))}\n`;
  },
};

/** `/download.csv` and `/download.ndjson`: every event that passes the filter, newest first. */
export function downloads(db: Database): Router {
  return Router()
    .get('/download.csv', download('activity.csv', csv))
    .get('/download.ndjson', download('activity.ndjson', ndjson));

  function download(name: string, format: Format) {
    return (req: Request, res: Response) => {
      const { filter } = readActivityQuery(req);
      const events = readEvents(db, signedInUser(req).id, filter);
      const headers = {
        'Content-Type': format.contentType,
        'Content-Disposition': `attachment; filename="${name}"`,
      };
      return sendParts(res, headers, write(events, format));
    };
  }
}

/** Yields nothing before the first batch is read, so that a database error still becomes an error page. */
async function* write(batches: AsyncIterable<RecordedEvent[]>, { head, line }: Format) {
  let before = head;
  for await (const batch of batches) {
    yield before + batch.map((event) => line(event)).join('');
    before = '';
  }
}

function cell(value: Value): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
