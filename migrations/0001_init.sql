-- All tables, for SQLite and PostgreSQL. A comment that begins with an engine's name is text for
-- that engine only.
--
-- Times are in UTC milliseconds. Documents are packed, or JSON in a text column: a rebuild must
-- give the same bytes, and jsonb would reorder keys. Keys are compared by their bytes.
--
-- Every key begins with the workspace, so that one tenant's rows lie together and a distributed
-- PostgreSQL can shard by it: every `workspace` column has one collation, no table has a foreign
-- key, and unique keys are unique within a workspace. Only the first three tables have other unique
-- columns, because a workspace is looked up by them; they are small, and every node holds them.
-- `src/store/table.rs` lists all tables, and a test compares the list with this file.
--
-- On SQLite tables that are mostly key are their own index (`without rowid`). Columns that an
-- upsert sets may be null there: for a `not null` column SQLite copies every page that the
-- statement changes, to be able to undo the statement alone.


-- Tables that every node holds.

-- A tenant. `secret` is the key of the hashes that become link and profile ids, and of the
-- signatures of session tokens. `rules` is the version of the identity rules that new events are
-- folded under; `applied` the version that all events are folded under, which
-- `acquaint identity apply` raises to `rules`. `moved_to` is the last link whose events `apply` has
-- read again. `folded` is the form of the derived rows; an older form is folded again when a
-- command opens the database.
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

-- Sources of events. `write_key` authenticates calls of SDKs; every visitor's browser has it, so it
-- is no secret. `secret` is the key that the other system signs its webhooks with, stored in clear
-- to check the signatures.
create table source (
  workspace   text   collate binary not null,
  name        text   collate binary not null,
  kind        text   not null,
  write_key   text   collate binary not null unique,
  secret      text,
  created_at  bigint not null,
  primary key (workspace, name)
);

-- Secret keys of the API. Only the SHA-256 of a key is stored. A slow hash would add nothing,
-- because keys have 160 random bits.
create table api_key (
  workspace   text   collate binary not null,
  id          text   collate binary not null,
  hash        text   collate binary not null unique,
  scopes      text   not null,
  created_at  bigint not null,
  revoked_at  bigint,
  primary key (workspace, id)
);


-- The log: what sources sent and what people decided. Everything else is folded from it.

-- A message counts once by its source and its id, which are the key. Most senders' ids grow, so new
-- rows lie side by side. An event's id is a hash of the two and is not stored. `link` is the id of
-- the set of identifiers that the event carries; a fold reads the log by link and time.
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

-- Events that were refused, with the reason, so that they can be corrected and sent again.
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

-- Every version of a workspace's identity rules as it was given, in TOML. Version 0 is the built-in
-- rules and has no row.
create table identity_rules (
  workspace   text   collate binary not null,
  version     bigint not null,
  text        text   not null,
  actor       text   not null,
  created_at  bigint not null,
  primary key (workspace, version)
);

-- Decisions of stewards, in the order of their ids. Rows are never changed: undoing a decision is
-- another decision.
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

-- The links (kind `link`) and identifiers that a decision concerns, or the decision (kind
-- `decision`) that it undoes.
create table decision_subject (
  workspace   text   collate binary not null,
  kind        text   collate binary not null,
  value       text   collate binary not null,
  decision    text   collate binary not null,
  primary key (workspace, kind, value, decision)
);

-- Pairs of customers that matching found similar, and how people answered: `state` is open,
-- accepted or rejected. `one` and `other` are links' ids. `weight` is the logarithm to base 2 of
-- the odds, in thousandths; `doc` says what each field adds to it.
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


-- Derived tables: `acquaint store rebuild` empties them and folds the log again.

-- A distinct set of identifiers, when it was first seen, and the profile that it belongs to now
-- (null: it has no usable identifier). `identifiers` is JSON, `[["email", "ada@example.com"]]`.
-- `complete` is whether the fold left nothing out of it: from its place on, all that it carries and
-- that can connect leads to one customer. It lets a new link be taken without folding all others of
-- its customer.
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

-- The links that carry an identifier. A component is found by it.
create table link_identifier (
  workspace   text   collate binary not null,
  kind        text   collate binary not null,
  value       text   collate binary not null,
  link        text   collate binary not null,
  primary key (workspace, kind, value, link)
) /* sqlite: without rowid */;

-- The profile that an identifier leads to; null if it is demoted in every link. A shared value
-- never leads to a profile. `cannot_links` are the decisions in force that keep it apart from others, as a
-- JSON list of [decision, side]. They are few, and matching asks for all of them.
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

-- One packed document per customer. PostgreSQL leaves space in each page, because the next version
-- of a document is mostly longer.
create table profile (
  workspace   text   collate binary not null,
  id          text   collate binary not null,
  doc         bytea  /* postgres: not null */,
  primary key (workspace, id)
) /* postgres: with (fillfactor = 70) */;

-- The profiles that changed since they were matched. After a rebuild that is all of them.
create table unmatched (
  workspace   text   collate binary not null,
  profile     text   collate binary not null,
  primary key (workspace, profile)
) /* sqlite: without rowid */;

-- What the events of one link tell of one order or ticket, packed. A customer's history is in the
-- order of `began_at`.
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


-- The model of matching, and the index by which one customer is matched against all others.
-- `acquaint identity match` writes both anew.

-- The model trained last, and how many buckets its index has.
create table match_model (
  workspace   text   collate binary not null primary key,
  doc         text   not null,
  buckets     bigint not null,
  trained_at  bigint not null
);

-- The people of that run by number. `profile` is a link's id, which leads to the present profile.
create table match_person (
  workspace   text   collate binary not null,
  number      bigint not null,
  profile     text   collate binary not null,
  primary key (workspace, number)
);

-- Blocking keys of that run: each bucket holds pairs of a key and a person's number, packed and in
-- base 64. A row for each pair would be dozens of rows for each customer.
create table match_bucket (
  workspace   text   collate binary not null,
  bucket      bigint not null,
  entries     text   not null,
  primary key (workspace, bucket)
);

-- Blocking keys of customers that were matched alone since. `profile` is a link's id.
create table match_key (
  workspace   text   collate binary not null,
  key         bigint not null,
  profile     text   collate binary not null,
  primary key (workspace, key, profile)
);


-- Notes of processes for each other and for their next run. Losing them costs only time.

-- How far an import got, by source and a hash of the file's first bytes.
create table import_progress (
  workspace   text   collate binary not null,
  source      text   collate binary not null,
  file        text   collate binary not null,
  position    bigint not null,
  updated_at  bigint not null,
  primary key (workspace, source, file)
);

-- Which profiles each commit changed, by which processes invalidate cached documents. `number`
-- grows in the order of commits within a workspace. `profiles` is a packed list of ids, or null for
-- all profiles. Only the newest rows are kept: a process that is further behind invalidates
-- everything.
create table change (
  workspace   text   collate binary not null,
  number      bigint not null,
  profiles    bytea,
  primary key (workspace, number)
);
