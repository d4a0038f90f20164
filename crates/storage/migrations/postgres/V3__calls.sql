-- Client accounts, call campaigns, contacts and calls. Columns beside `body` are those by which rows are found, sorted
-- and counted; what a row says is in its body. Texts by which rows are found are kept as their octets in UTF-8: they
-- sort by code point, and any text can be asked for, also one that a TEXT cannot hold.

-- The last number that was given away, by kind.
CREATE TABLE call_sequence (
    kind TEXT   NOT NULL COLLATE "C" PRIMARY KEY,
    last BIGINT NOT NULL
) WITH (fillfactor = 50);
INSERT INTO call_sequence (kind, last)
VALUES ('client', 0), ('campaign', 0), ('result_code', 0), ('contact', 0), ('call', 0);

CREATE TABLE call_client (
    id           BIGINT NOT NULL CONSTRAINT call_client_key PRIMARY KEY,
    organization BIGINT NOT NULL,
    token_sha256 BYTEA CONSTRAINT call_client_token UNIQUE,
    version      BIGINT NOT NULL,
    body         TEXT   NOT NULL
);
CREATE INDEX call_client_list ON call_client (organization, id);

CREATE TABLE call_agent (
    client BIGINT NOT NULL,
    uid    BYTEA  NOT NULL,
    body   TEXT   NOT NULL,
    PRIMARY KEY (client, uid)
);

CREATE TABLE call_document (
    client BIGINT NOT NULL,
    kind   TEXT   NOT NULL COLLATE "C",
    name   BYTEA  NOT NULL,
    body   TEXT   NOT NULL,
    PRIMARY KEY (client, kind, name)
);

CREATE TABLE call_prompt (
    client  BIGINT NOT NULL,
    name    BYTEA  NOT NULL,
    samples BYTEA  NOT NULL,
    PRIMARY KEY (client, name)
);

-- A deleted campaign stays, found by no read, until everything that belongs to it has been purged. `owner` is the node
-- that conducts it; `fence` names that ownership. A name may be longer than an entry of an index.
CREATE TABLE call_campaign (
    id          BIGINT  NOT NULL CONSTRAINT call_campaign_key PRIMARY KEY,
    client      BIGINT  NOT NULL,
    name        BYTEA   NOT NULL,
    sort_name   BYTEA   NOT NULL,
    active      BOOLEAN NOT NULL,
    deleted     BOOLEAN NOT NULL DEFAULT false,
    version     BIGINT  NOT NULL,
    owner       UUID,
    owner_until BIGINT  NOT NULL DEFAULT 0,
    fence       BIGINT  NOT NULL DEFAULT 0,
    body        TEXT    NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX call_campaign_name ON call_campaign (client, sha256(name)) WHERE NOT deleted;
CREATE INDEX call_campaign_list ON call_campaign (client, sort_name, id) WHERE NOT deleted;
CREATE INDEX call_campaign_active ON call_campaign (id) WHERE active AND NOT deleted;
CREATE INDEX call_campaign_deleted ON call_campaign (id) WHERE deleted;

CREATE TABLE call_result_code (
    campaign BIGINT NOT NULL,
    id       BIGINT NOT NULL,
    body     TEXT   NOT NULL,
    PRIMARY KEY (campaign, id)
);

-- `queue` is 0 where the contact may not be chosen; 1 appointment, 2 delay, 3 busy, 4 waiting, 5 ready. Passing from
-- waiting to ready changes nothing but these columns. `numbers` are those in call_contact_number, with spaces between.
-- Of long texts, as many octets are kept as an entry of an index has room for.
CREATE TABLE call_contact (
    id          BIGINT   NOT NULL PRIMARY KEY,
    campaign    BIGINT   NOT NULL,
    client      BIGINT   NOT NULL,
    sort_name   BYTEA    NOT NULL,
    user_data   BYTEA,
    status      SMALLINT NOT NULL,
    result      BIGINT,
    queue       SMALLINT NOT NULL,
    bound       BYTEA    NOT NULL,
    first       BIGINT   NOT NULL,
    second      BIGINT   NOT NULL,
    due         BIGINT   NOT NULL,
    mask        SMALLINT NOT NULL,
    tries       BIGINT   NOT NULL,
    lease_until BIGINT,
    numbers     BYTEA    NOT NULL,
    version     BIGINT   NOT NULL,
    body        BYTEA    NOT NULL
) WITH (fillfactor = 85);
-- Who is next, by the numbers that may be called: whoever cannot be called now is never read.
CREATE INDEX call_contact_next ON call_contact (campaign, queue, bound, mask, first, second, id)
    WHERE queue IN (1, 2, 3, 5) AND mask > 0;
-- The same, whomever they are bound to.
CREATE INDEX call_contact_follow_up ON call_contact (campaign, queue, mask, first, second, id)
    WHERE queue IN (1, 2, 3) AND mask > 0;
CREATE INDEX call_contact_due ON call_contact (campaign, queue, due, id) WHERE queue IN (1, 2, 3, 4);
CREATE INDEX call_contact_lease ON call_contact (lease_until, id) WHERE lease_until IS NOT NULL;
-- A client account's list is merged from those of its campaigns: that of a deleted one is then in nobody's way.
CREATE INDEX call_contact_list ON call_contact (campaign, sort_name, id);
CREATE INDEX call_contact_user_data ON call_contact (client, user_data, id) WHERE user_data IS NOT NULL;

-- The numbers of contacts that are not closed.
CREATE TABLE call_contact_number (
    client  BIGINT NOT NULL,
    number  BYTEA  NOT NULL,
    contact BIGINT NOT NULL,
    PRIMARY KEY (contact, number)
);
CREATE INDEX call_contact_number_find ON call_contact_number (client, number, contact);

-- `outcome` is NULL while the call lasts.
CREATE TABLE call_attempt (
    id       BIGINT NOT NULL PRIMARY KEY,
    campaign BIGINT NOT NULL,
    contact  BIGINT NOT NULL,
    outcome  SMALLINT,
    result   BIGINT,
    body     BYTEA  NOT NULL
) WITH (fillfactor = 85);
CREATE INDEX call_attempt_contact ON call_attempt (contact, id);
CREATE INDEX call_attempt_list ON call_attempt (campaign, id);
-- The sum keeps it apart from the index above, in which all calls of a campaign are: who asks for one is not given the
-- other, whatever the server believes of their sizes.
CREATE INDEX call_attempt_open ON call_attempt ((campaign + 0), id) WHERE outcome IS NULL;

-- What is remembered of a number, over all campaigns; it stays when they go.
CREATE TABLE call_number (
    client     BIGINT  NOT NULL,
    number     BYTEA   NOT NULL,
    suppressed BOOLEAN NOT NULL,
    version    BIGINT  NOT NULL,
    body       BYTEA   NOT NULL,
    PRIMARY KEY (client, number)
) WITH (fillfactor = 80);
-- The sum keeps it apart from the primary key, in which all numbers of a client account are.
CREATE INDEX call_number_suppressed ON call_number ((client + 0), number) WHERE suppressed;

CREATE TABLE call_ledger (
    campaign  BIGINT  NOT NULL,
    day       INTEGER NOT NULL,
    live      BIGINT  NOT NULL,
    abandoned BIGINT  NOT NULL,
    PRIMARY KEY (campaign, day)
) WITH (fillfactor = 10);

-- Contacts by status (kind 1) and by result code (2), calls by outcome (3; 0 while they last) and by result code (4).
-- A count is the sum of its shares: transactions of a campaign that change another share do not wait for each other.
-- Few rows that change all the time, so their pages are kept empty enough for all the versions between two vacuums.
CREATE TABLE call_count (
    campaign BIGINT   NOT NULL,
    kind     SMALLINT NOT NULL,
    key      BIGINT   NOT NULL,
    share    SMALLINT NOT NULL,
    n        BIGINT   NOT NULL,
    PRIMARY KEY (campaign, kind, key, share)
) WITH (fillfactor = 10);
