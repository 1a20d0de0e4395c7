-- The role of the app: it owns its database, and has no other privilege. PostgreSQL's superuser runs this
-- with psql before each start of the app, in a folder with the file `app-password`.
\set ON_ERROR_STOP on
\set password `cat app-password`

select 'create role app' where not exists (select from pg_roles where rolname = 'app') \gexec
alter role app login nosuperuser nocreatedb nocreaterole noreplication nobypassrls
  password :'password';
alter database :"DBNAME" owner to app;

-- Before this file existed the app was the superuser, who still owns the tables of such an installation.
-- Their indexes and sequences change owner with them.
select format('alter table %s owner to app', oid::regclass)
  from pg_class
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    and relowner <> 'app'::regrole
\gexec
