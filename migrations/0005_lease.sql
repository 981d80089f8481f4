-- Which process may answer from memory without asking what changed, because nobody else commits to the workspace meanwhile.
-- PostgreSQL only: an SQLite file shows by itself whether somebody committed.

-- `holder` is empty while nobody holds it. `number` grows whenever it is taken or renewed: a lease whose number stands still for
-- its whole term is over. `wanted` is set by whoever waits for it to be given up.
create table lease (
  workspace   text    not null primary key,
  holder      text    not null,
  number      bigint  not null,
  wanted      boolean not null
);
