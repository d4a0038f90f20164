-- Times are milliseconds since 1970 (UTC), digests are hexadecimal text. Keys begin with the organization and then,
-- where there is one, the customer, so that the tables can be spread by customer; no foreign keys cross them.
--
-- Names, permalinks and the like are compared byte by byte (COLLATE "C"), as on the embedded store.

CREATE TABLE organization (
    id      BIGINT NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL COLLATE "C" CONSTRAINT organization_name UNIQUE,
    version BIGINT NOT NULL,
    body    TEXT   NOT NULL
);

-- The last organization id that was given away. One row. Not a sequence: ids that somebody chose move it too.
CREATE TABLE organization_sequence (
    one  SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1),
    last BIGINT   NOT NULL
);
INSERT INTO organization_sequence (one, last) VALUES (1, 0);

-- The last id given away to campaigns and what is below them.
CREATE TABLE entity_sequence (
    organization BIGINT NOT NULL PRIMARY KEY,
    last         BIGINT NOT NULL
);

CREATE TABLE division (
    organization BIGINT NOT NULL,
    id           TEXT   NOT NULL COLLATE "C",
    body         TEXT   NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE TABLE app (
    api_key      TEXT   NOT NULL COLLATE "C" PRIMARY KEY,
    organization BIGINT NOT NULL,
    name         TEXT   NOT NULL COLLATE "C",
    body         TEXT   NOT NULL,
    CONSTRAINT app_name UNIQUE (organization, name)
);

CREATE TABLE campaign (
    organization BIGINT NOT NULL,
    id           BIGINT NOT NULL,
    name         TEXT   NOT NULL COLLATE "C",
    permalink    TEXT   NOT NULL COLLATE "C",
    version      BIGINT NOT NULL,
    body         TEXT   NOT NULL,
    CONSTRAINT campaign_key PRIMARY KEY (organization, id),
    CONSTRAINT campaign_name UNIQUE (organization, name),
    CONSTRAINT campaign_permalink UNIQUE (organization, permalink)
);

CREATE TABLE attribute_model (
    organization BIGINT NOT NULL,
    name         TEXT   NOT NULL COLLATE "C",
    body         TEXT   NOT NULL,
    PRIMARY KEY (organization, name)
);

CREATE TABLE management_token (
    sha256       TEXT   NOT NULL COLLATE "C" PRIMARY KEY,
    organization BIGINT,
    name         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE TABLE stored_reply (
    key         TEXT   NOT NULL COLLATE "C" PRIMARY KEY,
    fingerprint TEXT   NOT NULL,
    status      INTEGER NOT NULL,
    body        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX stored_reply_age ON stored_reply (created_at);

-- Half-filled pages leave room for the next version of a row beside it, so that an update touches no index.
CREATE TABLE customer (
    organization BIGINT NOT NULL,
    id           UUID   NOT NULL,
    version      BIGINT NOT NULL,
    body         BYTEA  NOT NULL,
    CONSTRAINT customer_key PRIMARY KEY (organization, id)
) WITH (fillfactor = 75);

CREATE TABLE customer_name (
    organization BIGINT   NOT NULL,
    kind         SMALLINT NOT NULL, -- 1 external id, 2 e-mail, 3 phone
    name         TEXT     NOT NULL COLLATE "C",
    customer     UUID     NOT NULL,
    CONSTRAINT customer_name_key PRIMARY KEY (organization, kind, name)
);
CREATE INDEX customer_name_owner ON customer_name (organization, customer);

CREATE TABLE event (
    organization BIGINT NOT NULL,
    customer     UUID   NOT NULL,
    key          UUID   NOT NULL,
    sequence     BIGINT NOT NULL,
    name         TEXT   NOT NULL COLLATE "C",
    body         BYTEA  NOT NULL,
    CONSTRAINT event_key PRIMARY KEY (organization, customer, key)
);

-- The last position in an organization's outbox. Its row is the last thing that a transaction locks, so the order of
-- positions is the order of commits.
CREATE TABLE outbox_sequence (
    organization BIGINT NOT NULL PRIMARY KEY,
    last         BIGINT NOT NULL
) WITH (fillfactor = 50);

-- Positions follow the order of commits, which ids, made before, do not. The entries of a deleted customer stay as
-- empty rows without one, so that a reader who stands on such an entry still knows where.
CREATE TABLE outbox (
    organization BIGINT NOT NULL,
    position     BIGINT NOT NULL,
    id           UUID   NOT NULL,
    customer     UUID,
    kind         TEXT   NOT NULL,
    payload      TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    CONSTRAINT outbox_key PRIMARY KEY (organization, position)
);
CREATE UNIQUE INDEX outbox_id ON outbox (organization, id);
CREATE INDEX outbox_customer ON outbox (organization, customer) WHERE customer IS NOT NULL;

CREATE TABLE client_token (
    organization BIGINT NOT NULL,
    sha256       TEXT   NOT NULL COLLATE "C",
    customer     UUID   NOT NULL,
    expires_at   BIGINT NOT NULL,
    CONSTRAINT client_token_key PRIMARY KEY (organization, sha256)
);
CREATE INDEX client_token_customer ON client_token (organization, customer);
CREATE INDEX client_token_expiry ON client_token (expires_at);

CREATE TABLE campaign_place (
    organization BIGINT NOT NULL,
    campaign     BIGINT NOT NULL,
    taken        BIGINT NOT NULL,
    PRIMARY KEY (organization, campaign)
);

CREATE TABLE creative_total (
    organization BIGINT NOT NULL,
    campaign     BIGINT NOT NULL,
    creative     BIGINT NOT NULL,
    seen         BIGINT NOT NULL,
    clicked      BIGINT NOT NULL,
    PRIMARY KEY (organization, campaign, creative)
) WITH (fillfactor = 50);

CREATE TABLE job (
    id           UUID   NOT NULL PRIMARY KEY,
    organization BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    owner        UUID,
    lease_until  BIGINT,
    body         TEXT   NOT NULL
);
CREATE INDEX job_claim ON job (created_at, id) WHERE state IN ('pending', 'running');
CREATE INDEX job_list ON job (organization, created_at, id);

-- Written by a health check, to prove that the store can be.
CREATE TABLE pulse (
    one  SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1),
    beat BIGINT   NOT NULL
);
INSERT INTO pulse (one, beat) VALUES (1, 0);
