-- The whole store, on SQLite and PostgreSQL alike. A comment that begins with an engine's name is text for that engine alone.
--
-- Times are UTC milliseconds and end in _at. Documents are packed or JSON kept as text, because their bytes are part of what a
-- rebuild must reproduce (jsonb would reorder keys). Keys are compared by their bytes.
--
-- Every key begins with the workspace, so that one tenant's rows lie together and a distributed PostgreSQL can shard by it:
-- every `workspace` column has one collation, no table has a foreign key, and what is unique is unique within a workspace.
-- Only the first three tables, which are small and which every node can hold, have other unique columns. They are what a
-- workspace is found by. `src/store/table.rs` lists all tables; a test compares the two.
--
-- On SQLite the tables that are mostly key are their own index (`without rowid`), and the columns that an upsert sets may be
-- null: where they may not, SQLite copies every page that the statement touches, so that it could take the statement back alone.


-- What there is for every node.

-- A tenant. `secret` keys the hashes that become link and profile ids, and signs session tokens.
-- `rules` is the version of the rules of identity that events are folded under; `applied` the one that everything has been
-- folded under, which `acquaint identity apply` brings up to it. `moved_to` is how far the links of older events have been read
-- anew. `folded` is the form in which everything derived was folded; what has an older one is folded anew when it is opened.
create table workspace (
  id          text   collate binary not null primary key,
  name        text   collate binary not null unique,
  secret      text   not null,
  created_at  bigint not null,
  rules       bigint not null default 0,
  applied     bigint not null default 0,
  moved_to    text   not null default '',
  folded      bigint not null
);

-- Where events come from. `write_key` authenticates calls of SDKs; it is in every visitor's browser and no secret.
-- `secret` is the other system's webhook signing secret, needed in clear to check its signatures.
create table source (
  workspace   text   collate binary not null,
  name        text   collate binary not null,
  kind        text   not null,
  write_key   text   collate binary not null unique,
  secret      text,
  created_at  bigint not null,
  primary key (workspace, name)
);

-- Secret keys. Only a SHA-256 of the key is kept: keys have 160 random bits, so a slow hash would protect nothing.
create table api_key (
  workspace   text   collate binary not null,
  id          text   collate binary not null,
  hash        text   collate binary not null unique,
  scopes      text   not null,
  created_at  bigint not null,
  revoked_at  bigint,
  primary key (workspace, id)
);


-- The log: the truth that the rest is folded from. It is what sources sent and what people said.

-- A message counts once, for good, because of its source and its id, and they are the key. Most senders' ids grow, so that new
-- rows stand side by side. An event's id is a hash of the two, so it is not stored. `link` names the set of identifiers that
-- the event carried: a fold reads the log by link and time.
create table event (
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
create index event_link on event (workspace, link, at);

-- What was refused, with why, so that it can be mended and sent again.
create table reject (
  workspace   text   collate binary not null,
  id          text   collate binary not null,
  source      text   collate binary not null,
  code        text   not null,
  message     text   not null,
  message_id  text   collate binary,
  received_at bigint not null,
  body        text   not null,
  primary key (workspace, id)
);
create index reject_source on reject (workspace, source, received_at, id);

-- Every version of a workspace's rules of identity as it was given, in TOML. Version 0 is what ships and has no row.
create table identity_rules (
  workspace   text   collate binary not null,
  version     bigint not null,
  text        text   not null,
  actor       text   not null,
  created_at  bigint not null,
  primary key (workspace, version)
);

-- What stewards decided, in the order of their ids. Nothing is ever changed here: undoing one is a decision of its own.
create table decision (
  workspace   text   collate binary not null,
  id          text   collate binary not null,
  kind        text   not null,
  body        text   not null,
  actor       text   not null,
  reason      text   not null,
  at          bigint not null,
  primary key (workspace, id)
);

-- The links (kind `link`) and identifiers that a decision speaks of, and the decision (kind `decision`) that it undoes.
create table decision_subject (
  workspace   text   collate binary not null,
  kind        text   collate binary not null,
  value       text   collate binary not null,
  decision    text   collate binary not null,
  primary key (workspace, kind, value, decision)
);

-- Two customers who may be one, as matching found, and what people said to it: `state` is open, accepted or rejected. `one` and
-- `other` are links' ids. `weight` is the logarithm to base 2 of the odds, in thousandths; `doc` says what each field adds.
create table suggestion (
  workspace   text   collate binary not null,
  id          text   collate binary not null,
  one         text   collate binary not null,
  other       text   collate binary not null,
  weight      bigint not null,
  doc         text   not null,
  state       text   collate binary not null,
  found_at    bigint not null,
  decided_at  bigint,
  actor       text,
  decision    text   collate binary,
  primary key (workspace, id)
);
create index suggestion_state on suggestion (workspace, state, weight, id);


-- What is derived: `acquaint store rebuild` empties these tables and folds the log again.

-- A distinct set of identifiers, when it was first seen, and the profile that holds it now (null: no usable identifier).
-- `complete` is whether the fold left nothing out of it: from its place on, all that it carries and that can connect leads to
-- one customer. It lets a new link be taken without folding all others of its customer.
create table link (
  workspace   text    collate binary not null,
  id          text    collate binary not null,
  first_at    bigint  /* postgres: not null */,
  profile     text    collate binary,
  identifiers text    /* postgres: not null */,
  complete    boolean /* postgres: not null */,
  primary key (workspace, id)
) /* sqlite: without rowid */;
create index link_profile on link (workspace, profile);

-- Which links carry an identifier: how a component is found.
create table link_identifier (
  workspace   text   collate binary not null,
  kind        text   collate binary not null,
  value       text   collate binary not null,
  link        text   collate binary not null,
  primary key (workspace, kind, value, link)
) /* sqlite: without rowid */;

-- The profile that an identifier leads to; null where it was demoted everywhere. A shared value leads nowhere for good.
-- `cannot_links` are the decisions in force that keep it apart from others, as a JSON list of [decision, side]. They are few,
-- and matching asks for all of them.
create table identifier (
  workspace   text    collate binary not null,
  kind        text    collate binary not null,
  value       text    collate binary not null,
  profile     text    collate binary,
  shared      boolean /* postgres: not null */,
  cannot_links text,
  primary key (workspace, kind, value)
) /* sqlite: without rowid */;
create index identifier_cannot_links on identifier (workspace) where cannot_links is not null;

-- One packed document per customer. Room is left beside it, because the next one is mostly longer.
create table profile (
  workspace   text   collate binary not null,
  id          text   collate binary not null,
  doc         bytea  /* postgres: not null */,
  primary key (workspace, id)
) /* postgres: with (fillfactor = 70) */;

-- The profiles that matching has not seen as they are. After a rebuild that is all of them.
create table unmatched (
  workspace   text   collate binary not null,
  profile     text   collate binary not null,
  primary key (workspace, profile)
) /* sqlite: without rowid */;

-- What is known of one order or ticket through one link, packed. `began_at` orders a customer's history.
create table record (
  workspace   text   collate binary not null,
  kind        text   collate binary not null,
  id          text   collate binary not null,
  link        text   collate binary not null,
  began_at    bigint /* postgres: not null */,
  doc         bytea  /* postgres: not null */,
  primary key (workspace, kind, id, link)
) /* sqlite: without rowid */;
create index record_link on record (workspace, link, kind, began_at, id);


-- The index of matching: what was learnt, and by what one customer is matched against all. `acquaint identity match` makes it
-- anew.

-- The model trained last, and how many buckets its index has.
create table match_model (
  workspace   text   collate binary not null primary key,
  doc         text   not null,
  buckets     bigint not null,
  trained_at  bigint not null
);

-- The people of that run by number; `profile` is a link's id, which leads to whoever holds it now.
create table match_person (
  workspace   text   collate binary not null,
  number      bigint not null,
  profile     text   collate binary not null,
  primary key (workspace, number)
);

-- Blocking keys of that run: each bucket holds pairs of a key and a person's number, packed and in base 64. A row for each
-- pair would be some dozens a customer.
create table match_bucket (
  workspace   text   collate binary not null,
  bucket      bigint not null,
  entries     text   not null,
  primary key (workspace, bucket)
);

-- Blocking keys of customers who were matched one at a time since; `profile` is a link's id.
create table match_key (
  workspace   text   collate binary not null,
  key         bigint not null,
  profile     text   collate binary not null,
  primary key (workspace, key, profile)
);


-- What processes leave for each other and for their next run. Losing it costs time only.

-- How far an import got, by source and a hash of the file's first bytes.
create table import_progress (
  workspace   text   collate binary not null,
  source      text   collate binary not null,
  file        text   collate binary not null,
  position    bigint not null,
  updated_at  bigint not null,
  primary key (workspace, source, file)
);

-- What processes keep of this database in memory is told of here. Each commit that changes profiles adds a row, in the order of
-- commits within a workspace, so that whoever keeps some can tell which of them are as they were. `profiles` is a packed list of
-- ids, or null for all of them. Only the newest rows stay: who has seen less forgets everything.
create table change (
  workspace   text   collate binary not null,
  number      bigint not null,
  profiles    bytea,
  primary key (workspace, number)
);
