-- The whole store, on SQLite and PostgreSQL alike. Times are UTC milliseconds and end in _at; documents are JSON kept as text,
-- because their bytes are part of what a rebuild must reproduce (jsonb would reorder keys). Every key starts with the workspace.

-- A tenant. `secret` keys the hashes that become link and profile ids, and signs session tokens.
create table workspace (
  id          text   not null primary key,
  name        text   not null unique,
  secret      text   not null,
  created_at  bigint not null
);

-- Where events come from. `write_key` authenticates calls of SDKs; it is in every visitor's browser and no secret.
-- `secret` is the other system's webhook signing secret, needed in clear to check its signatures.
create table source (
  workspace   text   not null,
  name        text   not null,
  kind        text   not null,
  write_key   text   not null unique,
  secret      text,
  created_at  bigint not null,
  primary key (workspace, name)
);

-- Secret keys. Only a SHA-256 of the key is kept: keys have 160 random bits, so a slow hash would protect nothing.
create table api_key (
  workspace   text   not null,
  id          text   not null,
  hash        text   not null unique,
  scopes      text   not null,
  created_at  bigint not null,
  revoked_at  bigint,
  primary key (workspace, id)
);

-- The log: the truth that everything below is folded from. `id` is a hash of source and message id, so the key is also
-- what makes a message count once, for good. `link` names the set of identifiers that the event carried.
create table event (
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
  primary key (workspace, id)
);
create index event_link on event (workspace, link, at, id);

-- What was refused, with why, so that it can be mended and sent again.
create table reject (
  workspace   text   not null,
  id          text   not null,
  source      text   not null,
  code        text   not null,
  message     text   not null,
  message_id  text,
  received_at bigint not null,
  body        text   not null,
  primary key (workspace, id)
);
create index reject_source on reject (workspace, source, received_at, id);

-- How far an import got, by source and a hash of the file's first bytes.
create table import_progress (
  workspace   text   not null,
  source      text   not null,
  file        text   not null,
  position    bigint not null,
  updated_at  bigint not null,
  primary key (workspace, source, file)
);

-- From here on everything is derived: `acquaint store rebuild` empties these tables and folds the log again.

-- A distinct set of identifiers, when it was first seen, and the profile that holds it now (null: no usable identifier).
create table link (
  workspace   text   not null,
  id          text   not null,
  first_at    bigint not null,
  profile     text,
  identifiers text   not null,
  primary key (workspace, id)
);
create index link_profile on link (workspace, profile);

-- Which links carry an identifier: how a component is found.
create table link_identifier (
  workspace   text   not null,
  kind        text   not null,
  value       text   not null,
  link        text   not null,
  primary key (workspace, kind, value, link)
);

-- The profile that an identifier leads to; null where it was demoted everywhere. A shared value leads nowhere for good.
create table identifier (
  workspace   text    not null,
  kind        text    not null,
  value       text    not null,
  profile     text,
  shared      boolean not null,
  primary key (workspace, kind, value)
);

-- One document per customer.
create table profile (
  workspace   text   not null,
  id          text   not null,
  doc         text   not null,
  primary key (workspace, id)
);

-- What is known of one order or ticket through one link. `began_at` orders a customer's history.
create table record (
  workspace   text   not null,
  kind        text   not null,
  id          text   not null,
  link        text   not null,
  began_at    bigint not null,
  doc         text   not null,
  primary key (workspace, kind, id, link)
);
create index record_link on record (workspace, link, kind, began_at, id);
