import pg from 'pg';
import { DatabaseReadOnly, NotConfirmed } from './errors.ts';

/** PostgreSQL 14 and later report these as a connection begins, and each time they change. */
const READ_ONLY = ['in_hot_standby', 'default_transaction_read_only'];
/** The code of "cannot execute … in a read-only transaction". */
const WRITE_REFUSED = '25006';
/** The code of a warning: the wait of a commit for a standby was cancelled. */
const NOT_CONFIRMED = '01000';
/** The codes with which a server ends its connections. */
const STOPPING = '57P0';

interface ParameterStatus {
  parameterName: string;
  parameterValue: string;
}

/**
 * A connection that breaks as soon as its server says that it accepts no writes, or is stopping, or has not
 * confirmed a commit.
 */
export class WatchedClient extends pg.Client {
  isReadOnly = false;

  constructor(config?: pg.ClientConfig) {
    super(config);
    let isConnected = false;
    this.once('connect', () => {
      isConnected = true;
    });
    this.connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
      if (!READ_ONLY.includes(parameterName) || parameterValue !== 'on') return;
      this.isReadOnly = true;
      // Comes before the end of the statement, so that even the result of this statement is not used.
      if (isConnected) breakConnection(this, new DatabaseReadOnly());
    });
    this.connection.on('errorMessage', (error: pg.DatabaseError) => {
      if (error.code === WRITE_REFUSED) breakConnection(this, new DatabaseReadOnly());
      // Otherwise it would be an error of the statement only, after which the pool ends the connection.
      if (error.code?.startsWith(STOPPING)) breakConnection(this, error);
    });
    this.on('notice', ({ code }) => {
      // Comes before the end of the commit, which would look like any other.
      if (isConnected && code === NOT_CONFIRMED) breakConnection(this, new NotConfirmed());
    });
  }
}

/** Breaks a connection as an error of the network does: its statements fail, and its pool removes it. */
export function breakConnection(
  { connection }: pg.Client,
  error: Error = new Error('Connection terminated'),
): void {
  connection.emit('error', error);
  connection.stream.destroy();
}
