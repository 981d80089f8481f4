-- Identity as people steer it: rules, and decisions of stewards. Both belong to the log; what they bring about is derived.

-- Every version of a workspace's rules as it was given, in TOML. Version 0 is what ships and has no row.
create table identity_rules (
  workspace   text   not null,
  version     bigint not null,
  text        text   not null,
  actor       text   not null,
  created_at  bigint not null,
  primary key (workspace, version)
);

-- `rules` is the version that events are folded under; `applied` the one that everything has been folded under, which
-- `acquaint identity apply` brings up to it. `moved_to` is how far the links of older events have been read anew.
alter table workspace add column rules    bigint not null default 0;
alter table workspace add column applied  bigint not null default 0;
alter table workspace add column moved_to text   not null default '';

-- What stewards decided, in the order of their ids. Nothing is ever changed here: undoing one is a decision of its own.
create table decision (
  workspace   text   not null,
  id          text   not null,
  kind        text   not null,
  body        text   not null,
  actor       text   not null,
  reason      text   not null,
  at          bigint not null,
  primary key (workspace, id)
);

-- The links (kind `link`) and identifiers that a decision speaks of, and the decision (kind `decision`) that it undoes.
create table decision_subject (
  workspace   text   not null,
  kind        text   not null,
  value       text   not null,
  decision    text   not null,
  primary key (workspace, kind, value, decision)
);

-- The decisions in force that keep an identifier apart from others, as a JSON list of [decision, side]; derived.
alter table identifier add column walls text;
