-- Documents are packed, tables that are mostly key are their own index, and keys are compared by their bytes. What is derived
-- is folded anew from the log for it. A comment that begins with an engine's name is for that engine alone.

-- The form in which everything derived was folded; what has an older one is folded anew when it is opened.
alter table workspace add column folded bigint not null default 0;

-- An event's id is a hash of its source and message id, so it is not stored. The log is read by link and time.
create table log (
  workspace   text   collate binary not null,
  source      text   collate binary not null,
  message_id  text   collate binary not null,
  link        text   collate binary not null,
  type        text   not null,
  name        text   not null,
  at          bigint not null,
  received_at bigint not null,
  body        text   not null,
  primary key (workspace, source, message_id)
);
insert into log (workspace, source, message_id, link, type, name, at, received_at, body)
select workspace, source, message_id, link, type, name, at, received_at, body from event;
drop table event;
alter table log rename to event;
create index event_link on event (workspace, link, at);

drop table link;
create table link (
  workspace   text   collate binary not null,
  id          text   collate binary not null,
  first_at    bigint not null,
  profile     text   collate binary,
  identifiers text   not null,
  primary key (workspace, id)
) /* sqlite: without rowid */;
create index link_profile on link (workspace, profile);

drop table link_identifier;
create table link_identifier (
  workspace   text   collate binary not null,
  kind        text   collate binary not null,
  value       text   collate binary not null,
  link        text   collate binary not null,
  primary key (workspace, kind, value, link)
) /* sqlite: without rowid */;

drop table identifier;
create table identifier (
  workspace   text    collate binary not null,
  kind        text    collate binary not null,
  value       text    collate binary not null,
  profile     text    collate binary,
  shared      boolean not null,
  walls       text,
  primary key (workspace, kind, value)
) /* sqlite: without rowid */;
create index identifier_walls on identifier (workspace) where walls is not null;

-- `doc` is packed. Room is left beside a document, because the next one is mostly longer.
drop table profile;
create table profile (
  workspace   text    collate binary not null,
  id          text    collate binary not null,
  doc         bytea   not null,
  primary key (workspace, id)
) /* postgres: with (fillfactor = 70) */;

-- The profiles that matching has not seen as they are.
create table unmatched (
  workspace   text    collate binary not null,
  profile     text    collate binary not null,
  primary key (workspace, profile)
) /* sqlite: without rowid */;

drop table record;
create table record (
  workspace   text   collate binary not null,
  kind        text   collate binary not null,
  id          text   collate binary not null,
  link        text   collate binary not null,
  began_at    bigint not null,
  doc         bytea  not null,
  primary key (workspace, kind, id, link)
);
create index record_link on record (workspace, link, kind, began_at, id);

-- `profiles` is a packed list of ids, or null for all of them.
drop table change;
create table change (
  workspace   text   collate binary not null,
  number      bigint not null,
  profiles    bytea,
  primary key (workspace, number)
);
