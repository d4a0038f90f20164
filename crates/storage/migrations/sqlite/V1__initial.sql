-- Times are milliseconds since 1970 (UTC), identifiers of customers, jobs and outcomes are 16 bytes, digests are
-- hexadecimal text. Keys begin with the organization and then, where there is one, the customer.

CREATE TABLE organization (
    id      INTEGER NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL CONSTRAINT organization_name UNIQUE,
    version INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT;

-- The last organization id that was given away. One row.
CREATE TABLE organization_sequence (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO organization_sequence (one, last) VALUES (1, 0);

-- The last id given away to campaigns and what is below them.
CREATE TABLE entity_sequence (
    organization INTEGER NOT NULL PRIMARY KEY,
    last         INTEGER NOT NULL
) STRICT;

CREATE TABLE division (
    organization INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE app (
    api_key      TEXT    NOT NULL PRIMARY KEY,
    organization INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    CONSTRAINT app_name UNIQUE (organization, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign (
    organization INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    permalink    TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    body         TEXT    NOT NULL,
    CONSTRAINT campaign_key UNIQUE (organization, id),
    CONSTRAINT campaign_name UNIQUE (organization, name),
    CONSTRAINT campaign_permalink UNIQUE (organization, permalink)
) STRICT;

CREATE TABLE attribute_model (
    organization INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE management_token (
    sha256       TEXT    NOT NULL PRIMARY KEY,
    organization INTEGER,
    name         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_reply (
    key         TEXT    NOT NULL PRIMARY KEY,
    fingerprint TEXT    NOT NULL,
    status      INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX stored_reply_age ON stored_reply (created_at);

-- A table with row ids: aggregates are about a kilobyte, and a clustered table would keep every one of its inner
-- pages full of them.
CREATE TABLE customer (
    organization INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    version      INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    CONSTRAINT customer_key UNIQUE (organization, id)
) STRICT;

CREATE TABLE customer_name (
    organization INTEGER NOT NULL,
    kind         INTEGER NOT NULL, -- 1 external id, 2 e-mail, 3 phone
    name         TEXT    NOT NULL,
    customer     BLOB    NOT NULL,
    PRIMARY KEY (organization, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_name_owner ON customer_name (organization, customer);

-- The log. Clustered by customer and key: asking whether a key is known and appending it touch the same page, and a
-- customer's events lie side by side for a replay.
CREATE TABLE event (
    organization INTEGER NOT NULL,
    customer     BLOB    NOT NULL,
    key          BLOB    NOT NULL,
    sequence     INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organization, customer, key)
) STRICT, WITHOUT ROWID;

-- The last position in an organization's outbox.
CREATE TABLE outbox_sequence (
    organization INTEGER NOT NULL PRIMARY KEY,
    last         INTEGER NOT NULL
) STRICT;

-- Positions follow the order of commits, which ids, made before, do not. The entries of a deleted customer stay as
-- empty rows without one, so that a reader who stands on such an entry still knows where.
CREATE TABLE outbox (
    organization INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    customer     BLOB,
    kind         TEXT    NOT NULL,
    payload      TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX outbox_id ON outbox (organization, id);
CREATE INDEX outbox_customer ON outbox (organization, customer) WHERE customer IS NOT NULL;

CREATE TABLE client_token (
    organization INTEGER NOT NULL,
    sha256       TEXT    NOT NULL,
    customer     BLOB    NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (organization, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_token_customer ON client_token (organization, customer);
CREATE INDEX client_token_expiry ON client_token (expires_at);

CREATE TABLE campaign_place (
    organization INTEGER NOT NULL,
    campaign     INTEGER NOT NULL,
    taken        INTEGER NOT NULL,
    PRIMARY KEY (organization, campaign)
) STRICT, WITHOUT ROWID;

CREATE TABLE creative_total (
    organization INTEGER NOT NULL,
    campaign     INTEGER NOT NULL,
    creative     INTEGER NOT NULL,
    seen         INTEGER NOT NULL,
    clicked      INTEGER NOT NULL,
    PRIMARY KEY (organization, campaign, creative)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id           BLOB    NOT NULL PRIMARY KEY,
    organization INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    owner        BLOB,
    lease_until  INTEGER,
    body         TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX job_claim ON job (created_at, id) WHERE state IN ('pending', 'running');
CREATE INDEX job_list ON job (organization, created_at, id);

-- Written by a health check, to prove that the store can be.
CREATE TABLE pulse (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    beat INTEGER NOT NULL,
    pad  BLOB
) STRICT;
INSERT INTO pulse (one, beat) VALUES (1, 0);
