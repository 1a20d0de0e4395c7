import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table known_addresses (
      user_id bigint not null references users on delete cascade,
      network cidr not null,
      last_used_at timestamptz not null default now(),
      primary key (user_id, network)
    )`.execute(db);
  await sql`create index known_addresses_last_used_at on known_addresses (last_used_at)`.execute(
    db,
  );
  // As if the table had been there: since the last change of password, and from where it was changed.
  // The operator's changes have no address.
  await sql`
    insert into known_addresses (user_id, network, last_used_at)
    select user_id,
      network(set_masklen(ip, case family(ip) when 4 then 32 else 64 end)) as network,
      max(at)
    from events
    where kind in ('log in', 'password changed') and ip is not null
      and at > now() - interval '90 days'
      and at >= coalesce((
        select max(changes.at) from events changes
        where changes.kind = 'password changed' and changes.user_id = events.user_id
      ), '-infinity')
    group by user_id, network`.execute(db);
}
