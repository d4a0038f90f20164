-- Client accounts, call campaigns, contacts and calls. Columns beside `body` are those by which rows are found, sorted
-- and counted; what a row says is in its body.

-- The last number that was given away, by kind.
CREATE TABLE call_sequence (
    kind TEXT    NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO call_sequence (kind, last)
VALUES ('client', 0), ('campaign', 0), ('result_code', 0), ('contact', 0), ('call', 0);

CREATE TABLE call_client (
    id           INTEGER NOT NULL PRIMARY KEY,
    organization INTEGER NOT NULL,
    token_sha256 TEXT,
    version      INTEGER NOT NULL,
    body         TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX call_client_token ON call_client (token_sha256) WHERE token_sha256 IS NOT NULL;
CREATE INDEX call_client_list ON call_client (organization, id);

CREATE TABLE call_agent (
    client INTEGER NOT NULL,
    uid    TEXT    NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (client, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_document (
    client INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (client, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_prompt (
    client  INTEGER NOT NULL,
    name    TEXT    NOT NULL,
    samples BLOB    NOT NULL,
    PRIMARY KEY (client, name)
) STRICT;

-- A deleted campaign stays, found by no read, until everything that belongs to it has been purged. `owner` is the node
-- that conducts it; `fence` names that ownership.
CREATE TABLE call_campaign (
    id          INTEGER NOT NULL PRIMARY KEY,
    client      INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    sort_name   TEXT    NOT NULL,
    active      INTEGER NOT NULL,
    deleted     INTEGER NOT NULL DEFAULT 0,
    version     INTEGER NOT NULL,
    owner       BLOB,
    owner_until INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER NOT NULL DEFAULT 0,
    body        TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX call_campaign_name ON call_campaign (client, name) WHERE deleted = 0;
CREATE INDEX call_campaign_list ON call_campaign (client, sort_name, id) WHERE deleted = 0;
CREATE INDEX call_campaign_active ON call_campaign (id) WHERE active = 1 AND deleted = 0;
CREATE INDEX call_campaign_deleted ON call_campaign (id) WHERE deleted = 1;

CREATE TABLE call_result_code (
    campaign INTEGER NOT NULL,
    id       INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;

-- `queue` is 0 where the contact may not be chosen; 1 appointment, 2 delay, 3 busy, 4 waiting, 5 ready. Passing from
-- waiting to ready changes nothing but these columns. `numbers` are those in call_contact_number, with spaces between.
CREATE TABLE call_contact (
    id          INTEGER NOT NULL PRIMARY KEY,
    campaign    INTEGER NOT NULL,
    client      INTEGER NOT NULL,
    sort_name   TEXT    NOT NULL,
    user_data   TEXT,
    status      INTEGER NOT NULL,
    result      INTEGER,
    queue       INTEGER NOT NULL,
    bound       TEXT    NOT NULL,
    first       INTEGER NOT NULL,
    second      INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    mask        INTEGER NOT NULL,
    tries       INTEGER NOT NULL,
    lease_until INTEGER,
    numbers     TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    body        BLOB    NOT NULL
) STRICT;
-- Who is next: those that may be called on the same numbers lie together, so that whoever cannot be called on the numbers
-- asked for is never looked at, however many there are.
CREATE INDEX call_contact_next ON call_contact (campaign, queue, bound, mask, first, second, id, due)
    WHERE queue IN (1, 2, 3, 5);
-- The same, whomever they are bound to.
CREATE INDEX call_contact_follow_up ON call_contact (campaign, queue, mask, first, second, id, due)
    WHERE queue IN (1, 2, 3);
CREATE INDEX call_contact_due ON call_contact (campaign, queue, due, id) WHERE queue IN (1, 2, 3, 4);
CREATE INDEX call_contact_lease ON call_contact (lease_until, id) WHERE lease_until IS NOT NULL;
-- A client account's list is merged from those of its campaigns: that of a deleted one is then in nobody's way.
CREATE INDEX call_contact_list ON call_contact (campaign, sort_name, id);
CREATE INDEX call_contact_user_data ON call_contact (client, user_data, id) WHERE user_data IS NOT NULL;

-- The numbers of contacts that are not closed.
CREATE TABLE call_contact_number (
    client  INTEGER NOT NULL,
    number  TEXT    NOT NULL,
    contact INTEGER NOT NULL,
    PRIMARY KEY (client, number, contact)
) STRICT, WITHOUT ROWID;

-- `outcome` is NULL while the call lasts.
CREATE TABLE call_attempt (
    id       INTEGER NOT NULL PRIMARY KEY,
    campaign INTEGER NOT NULL,
    contact  INTEGER NOT NULL,
    outcome  INTEGER,
    result   INTEGER,
    body     BLOB    NOT NULL
) STRICT;
CREATE INDEX call_attempt_contact ON call_attempt (contact, id);
CREATE INDEX call_attempt_list ON call_attempt (campaign, id);
CREATE INDEX call_attempt_open ON call_attempt (campaign, id) WHERE outcome IS NULL;

-- What is remembered of a number, over all campaigns; it stays when they go.
CREATE TABLE call_number (
    client     INTEGER NOT NULL,
    number     TEXT    NOT NULL,
    suppressed INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    body       BLOB    NOT NULL,
    PRIMARY KEY (client, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_number_suppressed ON call_number (client, number) WHERE suppressed = 1;

CREATE TABLE call_ledger (
    campaign  INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    live      INTEGER NOT NULL,
    abandoned INTEGER NOT NULL,
    PRIMARY KEY (campaign, day)
) STRICT, WITHOUT ROWID;

-- Contacts by status (kind 1) and by result code (2), calls by outcome (3; 0 while they last) and by result code (4).
CREATE TABLE call_count (
    campaign INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    key      INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (campaign, kind, key)
) STRICT, WITHOUT ROWID;
