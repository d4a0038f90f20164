-- Accounts, SIM cards, tariffs, packages, SIM campaigns and their participants. Tables that are listed in order of
-- making have a `place`, given in that order.

-- The last number that was given away, by kind.
CREATE TABLE sim_sequence (
    kind TEXT    NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sim_sequence (kind, last) VALUES ('template', 0), ('sim_campaign', 0), ('participant', 0);

CREATE TABLE account (
    place        INTEGER NOT NULL PRIMARY KEY,
    id           BLOB    NOT NULL CONSTRAINT account_key UNIQUE,
    organization INTEGER NOT NULL,
    parent       BLOB,
    sims         INTEGER NOT NULL, -- SIMs loaded so far, and so the ordinal of the next one
    version      INTEGER NOT NULL,
    body         TEXT    NOT NULL
) STRICT;
CREATE INDEX account_child ON account (parent) WHERE parent IS NOT NULL;
CREATE INDEX account_root ON account (organization) WHERE parent IS NULL;

CREATE TABLE api_user (
    username TEXT NOT NULL PRIMARY KEY,
    account  BLOB NOT NULL,
    body     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_token (
    sha256     TEXT    NOT NULL PRIMARY KEY,
    username   TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_token_expiry ON api_token (expires_at);

CREATE TABLE sim_request (
    id         BLOB    NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    body       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sim_request_age ON sim_request (created_at);

-- SIMs are never deleted and never change their account, so ordinals stay dense and pages are found by them.
CREATE TABLE sim (
    number  INTEGER NOT NULL PRIMARY KEY,
    account BLOB    NOT NULL,
    ordinal INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    CONSTRAINT sim_place UNIQUE (account, ordinal)
) STRICT;

CREATE TABLE sim_name (
    kind INTEGER NOT NULL, -- 1 ICCID, 2 IMSI, 3 MSISDN, 4 IMEI
    name TEXT    NOT NULL,
    sim  INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- `holder_*` is the participant whose packet is on its way to the card; `waiting` tells that another one asked.
CREATE TABLE key_set (
    sim             INTEGER NOT NULL,
    kvn             INTEGER NOT NULL,
    next_counter    INTEGER NOT NULL,
    holder_campaign INTEGER,
    holder_ordinal  INTEGER,
    waiting         INTEGER NOT NULL DEFAULT 0,
    flags           INTEGER NOT NULL, -- 1 blocked, 2 resync
    body            BLOB    NOT NULL,
    PRIMARY KEY (sim, kvn)
) STRICT, WITHOUT ROWID;

CREATE TABLE card_profile (
    organization INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    PRIMARY KEY (organization, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE sim_template (
    id      INTEGER NOT NULL PRIMARY KEY,
    account BLOB    NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
CREATE INDEX sim_template_list ON sim_template (account);

CREATE TABLE tariff (
    place   INTEGER NOT NULL PRIMARY KEY,
    id      BLOB    NOT NULL CONSTRAINT tariff_key UNIQUE,
    account BLOB    NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
CREATE INDEX tariff_list ON tariff (account);

CREATE TABLE package (
    place       INTEGER NOT NULL PRIMARY KEY,
    id          BLOB    NOT NULL CONSTRAINT package_key UNIQUE,
    account     BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    open_to_all INTEGER NOT NULL,
    ever_used   INTEGER NOT NULL,
    deleted     INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX package_name ON package (account, name) WHERE deleted = 0;
CREATE INDEX package_list ON package (account) WHERE deleted = 0;

-- The sub-accounts that a package names, where it is not open to all of them.
CREATE TABLE package_account (
    package INTEGER NOT NULL, -- its place
    account BLOB    NOT NULL,
    PRIMARY KEY (package, account)
) STRICT, WITHOUT ROWID;

-- How many SIMs of an account have a package; no row where none has.
CREATE TABLE package_use (
    account BLOB    NOT NULL,
    package INTEGER NOT NULL, -- its place
    sims    INTEGER NOT NULL,
    PRIMARY KEY (account, package)
) STRICT, WITHOUT ROWID;
CREATE INDEX package_use_any ON package_use (package);

CREATE TABLE sim_campaign (
    id           INTEGER NOT NULL PRIMARY KEY,
    status       TEXT    NOT NULL,
    participants INTEGER NOT NULL, -- enrolled so far, and so the ordinal of the next one
    pace_tat     INTEGER NOT NULL, -- nanoseconds: when the next card is due at an even pace
    version      INTEGER NOT NULL,
    body         TEXT    NOT NULL
) STRICT;
CREATE INDEX sim_campaign_live ON sim_campaign (id) WHERE status IN ('SCHEDULED', 'PROCESS', 'SUSPEND');

CREATE TABLE campaign_connection (
    account  BLOB    NOT NULL,
    campaign INTEGER NOT NULL,
    PRIMARY KEY (account, campaign)
) STRICT, WITHOUT ROWID;

-- Clustered in order of enrolment: whoever is claimed, sent to and confirmed together lies together.
-- `due_at` is 0 before the first claim and the greatest number while another campaign holds the card; `body` is
-- NULL before the first message.
CREATE TABLE participant (
    campaign   INTEGER NOT NULL,
    ordinal    INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    sim        INTEGER NOT NULL,
    iccid      TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    code       TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    timer_at   INTEGER,
    revision   INTEGER NOT NULL,
    body       BLOB,
    PRIMARY KEY (campaign, ordinal)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX participant_sim ON participant (sim, campaign);
CREATE INDEX participant_due ON participant (campaign, due_at, ordinal) WHERE status IN (0, 1);
CREATE INDEX participant_timer ON participant (timer_at) WHERE timer_at IS NOT NULL;

CREATE TABLE campaign_count (
    campaign     INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    participants INTEGER NOT NULL,
    PRIMARY KEY (campaign, status)
) STRICT, WITHOUT ROWID;

CREATE TABLE wave_count (
    campaign        INTEGER NOT NULL,
    wave            INTEGER NOT NULL,
    succeeded       INTEGER NOT NULL,
    failed          INTEGER NOT NULL,
    attempts_ok     INTEGER NOT NULL,
    attempts_failed INTEGER NOT NULL,
    config_errors   INTEGER NOT NULL,
    PRIMARY KEY (campaign, wave)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer_part (
    source      TEXT    NOT NULL,
    reference   INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    user_data   BLOB    NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (source, reference, total, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX answer_part_age ON answer_part (received_at);
