-- What processes keep of this database in memory. Each commit that changes profiles adds a row here, in the order of
-- commits within a workspace, so that whoever keeps some can tell which of them are as they were.

-- `profiles` is a JSON list of ids, or null for all of them. Only the newest rows stay: who has seen less forgets everything.
create table change (
  workspace   text   not null,
  number      bigint not null,
  profiles    text,
  primary key (workspace, number)
);
