-- Schema 1. Times are milliseconds since 1970-01-01 UTC. Digests are BLAKE3, 64 lower-case hex digits.

CREATE TABLE blobs (
    digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Names of metrics, params and tags, so that their rows stay narrow. `uses` adds up 1 for metrics,
-- 2 for params and 4 for tags.
CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL
) STRICT;

CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

CREATE TABLE experiment_tags (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 32),
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    created_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    pid INTEGER,
    heartbeat_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    deleted_at INTEGER,
    name TEXT NOT NULL,
    pipeline TEXT,
    pipeline_title TEXT,
    user TEXT,
    commit_id TEXT,
    branch TEXT,
    error TEXT,
    plan_digest TEXT REFERENCES blobs (digest),
    diff_digest TEXT REFERENCES blobs (digest),
    environment_digest TEXT REFERENCES blobs (digest),
    details TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX runs_by_created ON runs (deleted_at, created_at);
CREATE INDEX runs_by_experiment ON runs (experiment_id, deleted_at, created_at);
CREATE INDEX runs_by_pipeline ON runs (pipeline, deleted_at, created_at);
CREATE INDEX runs_by_status ON runs (status, deleted_at, created_at);
-- All that lists are sorted by, so that a sort of every run reads this narrow index and not the table.
CREATE INDEX runs_sorted ON runs (deleted_at, started_at, ended_at, status, experiment_id, user, name);
CREATE INDEX runs_by_plan ON runs (plan_digest);
CREATE INDEX runs_by_diff ON runs (diff_digest);
CREATE INDEX runs_by_environment ON runs (environment_digest);

-- What a person may search a run by, in small letters; read whole for each search.
CREATE TABLE run_texts (
    run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    component TEXT NOT NULL,
    component_version TEXT NOT NULL,
    status TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0,
    cache_key TEXT,
    reused_from TEXT,
    started_at INTEGER,
    ended_at INTEGER,
    message TEXT,
    error TEXT,
    UNIQUE (run_id, name)
) STRICT;

CREATE TABLE step_outputs (
    step_id INTEGER NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
    port TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT REFERENCES blobs (digest),
    meta TEXT NOT NULL,
    PRIMARY KEY (step_id, port)
) STRICT, WITHOUT ROWID;

CREATE INDEX step_outputs_by_digest ON step_outputs (digest);

CREATE TABLE step_cache (
    key TEXT PRIMARY KEY,
    run TEXT,
    step TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE step_cache_outputs (
    key TEXT NOT NULL REFERENCES step_cache (key) ON DELETE CASCADE,
    port TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT REFERENCES blobs (digest),
    meta TEXT NOT NULL,
    PRIMARY KEY (key, port)
) STRICT, WITHOUT ROWID;

CREATE INDEX step_cache_outputs_by_digest ON step_cache_outputs (digest);

-- `number` is the value where it is a number, for sorting.
CREATE TABLE params (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    value TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (run_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX params_by_value ON params (key_id, number, value, run_id);

CREATE TABLE tags (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_value ON tags (key_id, value, run_id);

-- Every point of every metric. A value of NULL is NaN. `n` tells apart different values logged at
-- the same step and time; the same point logged twice is one row.
CREATE TABLE metrics (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    n INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (run_id, key_id, step, timestamp, n)
) STRICT, WITHOUT ROWID;

-- The point with the greatest step, then time, then value of each metric.
CREATE TABLE latest_metrics (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (run_id, key_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX latest_metrics_by_value ON latest_metrics (key_id, value, run_id);

CREATE TABLE run_inputs (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    port TEXT NOT NULL,
    dataset TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run_id, step, port)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_inputs_by_dataset ON run_inputs (dataset, version);

CREATE TABLE logs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step_id INTEGER REFERENCES steps (id) ON DELETE CASCADE,
    ts INTEGER NOT NULL,
    stream TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE INDEX logs_by_run ON logs (run_id);
CREATE INDEX logs_by_step ON logs (step_id) WHERE step_id IS NOT NULL;

CREATE TABLE datasets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    next_version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE dataset_versions (
    id INTEGER PRIMARY KEY,
    dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL REFERENCES blobs (digest),
    bytes INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    columns INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    deleted_at INTEGER,
    source TEXT NOT NULL,
    UNIQUE (dataset_id, version)
) STRICT;

CREATE INDEX dataset_versions_by_digest ON dataset_versions (digest);

-- Apart from the versions, because a profile of many columns is megabytes and lists never show it.
CREATE TABLE dataset_profiles (
    version_id INTEGER PRIMARY KEY REFERENCES dataset_versions (id) ON DELETE CASCADE,
    schema TEXT NOT NULL,
    profile TEXT NOT NULL
) STRICT;

CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    next_version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE model_versions (
    id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL REFERENCES blobs (digest),
    run_id INTEGER REFERENCES runs (id) ON DELETE SET NULL,
    step TEXT,
    port TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    deleted_at INTEGER,
    description TEXT NOT NULL,
    pipeline TEXT,
    commit_id TEXT,
    tags TEXT NOT NULL,
    metrics TEXT NOT NULL,
    datasets TEXT NOT NULL,
    details TEXT NOT NULL,
    UNIQUE (model_id, version)
) STRICT;

CREATE INDEX model_versions_by_digest ON model_versions (digest);
CREATE INDEX model_versions_by_run ON model_versions (run_id);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ts INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ts INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_subject ON audit (subject);

INSERT INTO experiments (id, name, created_at, updated_at) VALUES (0, 'Default', 0, 0);
