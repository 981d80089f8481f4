-- Matching: what was learnt, an index to match one customer against all, and what it suggests. The first two can be made
-- anew at any time by `acquaint identity match`; of the suggestions, what people said to them is kept for good.

-- The model trained last, and how many buckets its index has.
create table match_model (
  workspace   text   not null primary key,
  doc         text   not null,
  buckets     bigint not null,
  trained_at  bigint not null
);

-- The people of that run by number; `profile` is a link's id, which leads to whoever holds it now.
create table match_person (
  workspace   text   not null,
  number      bigint not null,
  profile     text   not null,
  primary key (workspace, number)
);

-- Blocking keys of that run: each bucket holds pairs of a key and a person's number, packed and in base 64. A row for each
-- pair would be some dozens a customer.
create table match_bucket (
  workspace   text   not null,
  bucket      bigint not null,
  entries     text   not null,
  primary key (workspace, bucket)
);

-- Blocking keys of customers who were matched one at a time since.
create table match_key (
  workspace   text   not null,
  key         bigint not null,
  profile     text   not null,
  primary key (workspace, key, profile)
);

-- Two customers who may be one: `state` is open, accepted or rejected. `one` and `other` are links' ids. `weight` is the
-- logarithm to base 2 of the odds, in thousandths; `doc` says what each field adds.
create table suggestion (
  workspace   text   not null,
  id          text   not null,
  one         text   not null,
  other       text   not null,
  weight      bigint not null,
  doc         text   not null,
  state       text   not null,
  found_at    bigint not null,
  decided_at  bigint,
  actor       text,
  decision    text,
  primary key (workspace, id)
);
create index suggestion_state on suggestion (workspace, state, weight, id);

-- Whether matching has seen a profile as it is.
alter table profile add column matched boolean not null default false;
create index profile_unmatched on profile (workspace, id) where not matched;

-- Walls are few, and matching asks for all of them.
create index identifier_walls on identifier (workspace) where walls is not null;
