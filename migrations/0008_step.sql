-- What lets a new link be taken without folding all others of its customer.

-- Whether the fold left nothing out of the link: from its place on, all that it carries and that can connect leads to one
-- customer. Links that were folded before this column was there count as not whole until they are folded again.
alter table link add column whole boolean not null default false;
