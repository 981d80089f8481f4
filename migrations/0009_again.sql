-- What is written again and again is written with less. The columns that an upsert sets may be null: where they may not, SQLite
-- copies every page that the statement touches, so that it could take the statement back alone. And orders and tickets are
-- their own index. None of it matters to PostgreSQL.
/* sqlite: create table told (
  workspace   text   collate binary not null,
  kind        text   collate binary not null,
  id          text   collate binary not null,
  link        text   collate binary not null,
  began_at    bigint,
  doc         bytea,
  primary key (workspace, kind, id, link)
) without rowid;
insert into told (workspace, kind, id, link, began_at, doc)
select workspace, kind, id, link, began_at, doc from record order by workspace, kind, id, link;
drop table record;
alter table told rename to record;
create index record_link on record (workspace, link, kind, began_at, id);

create table document (
  workspace   text    collate binary not null,
  id          text    collate binary not null,
  doc         bytea,
  primary key (workspace, id)
);
insert into document (workspace, id, doc) select workspace, id, doc from profile;
drop table profile;
alter table document rename to profile;

create table known (
  workspace   text    collate binary not null,
  kind        text    collate binary not null,
  value       text    collate binary not null,
  profile     text    collate binary,
  shared      boolean,
  walls       text,
  primary key (workspace, kind, value)
) without rowid;
insert into known (workspace, kind, value, profile, shared, walls)
select workspace, kind, value, profile, shared, walls from identifier order by workspace, kind, value;
drop table identifier;
alter table known rename to identifier;
create index identifier_walls on identifier (workspace) where walls is not null;

create table set_of (
  workspace   text    collate binary not null,
  id          text    collate binary not null,
  first_at    bigint,
  profile     text    collate binary,
  identifiers text,
  whole       boolean default false,
  primary key (workspace, id)
) without rowid;
insert into set_of (workspace, id, first_at, profile, identifiers, whole)
select workspace, id, first_at, profile, identifiers, whole from link order by workspace, id;
drop table link;
alter table set_of rename to link;
create index link_profile on link (workspace, profile);
 */
