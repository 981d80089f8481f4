-- A message counts once because of its source and its id, and they are the key now. Before it was a hash of the two, which
-- stood somewhere else in the index for each event; most senders' ids grow, so that new ones stand side by side.
create table event_by_message (
  workspace   text   not null,
  id          text   not null,
  link        text   not null,
  source      text   not null,
  message_id  text   not null,
  type        text   not null,
  name        text   not null,
  at          bigint not null,
  received_at bigint not null,
  body        text   not null,
  primary key (workspace, source, message_id)
);
insert into event_by_message (workspace, id, link, source, message_id, type, name, at, received_at, body)
select workspace, id, link, source, message_id, type, name, at, received_at, body from event;
drop table event;
alter table event_by_message rename to event;
create index event_link on event (workspace, link, at, id);
