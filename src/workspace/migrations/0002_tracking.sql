-- Schema 2. What MLflow's tracking and registry protocol keeps, over the same runs, metrics and models.

-- NULL stands for the place that the server gives an experiment or a run by itself.
ALTER TABLE experiments ADD COLUMN artifact_location TEXT;
ALTER TABLE runs ADD COLUMN artifact_uri TEXT;

-- 1 for a run that a client logs: it has no worker of ours, so a silent heart says nothing about it.
ALTER TABLE runs ADD COLUMN logged INTEGER NOT NULL DEFAULT 0;

-- A run that has not started counts from when it was recorded.
ALTER TABLE runs ADD COLUMN start_time INTEGER GENERATED ALWAYS AS (coalesce(started_at, created_at)) VIRTUAL;

-- The order in which the protocol lists runs, with what it filters by most, so that a search of every
-- run reads this index and not the table.
CREATE INDEX runs_by_start ON runs (experiment_id, start_time DESC, uuid, deleted_at, status, ended_at);

-- Tables that runs say they read, as the client described them.
CREATE TABLE logged_datasets (
    id INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema TEXT,
    profile TEXT,
    UNIQUE (experiment_id, name, digest)
) STRICT;

-- `tags` is a JSON array of [key, value]; `context` repeats the value of `mlflow.data.context`.
CREATE TABLE run_datasets (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    dataset_id INTEGER NOT NULL REFERENCES logged_datasets (id) ON DELETE CASCADE,
    tags TEXT NOT NULL DEFAULT '[]',
    context TEXT,
    PRIMARY KEY (run_id, dataset_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset_id);

-- Models that a run logged, before anyone registers them.
CREATE TABLE logged_models (
    id INTEGER PRIMARY KEY,
    model_id TEXT NOT NULL UNIQUE,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    artifact_location TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    status TEXT NOT NULL,
    status_message TEXT,
    model_type TEXT,
    source_run TEXT
) STRICT;

CREATE INDEX logged_models_by_experiment ON logged_models (experiment_id, deleted_at, created_at);

CREATE TABLE logged_model_params (
    model_id INTEGER NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE logged_model_tags (
    model_id INTEGER NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) STRICT, WITHOUT ROWID;

-- Points of run metrics that belong to a model, with the dataset they were measured on. NULL is NaN.
CREATE TABLE logged_model_metrics (
    id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    value REAL,
    dataset_name TEXT,
    dataset_digest TEXT
) STRICT;

CREATE INDEX logged_model_metrics_by_model ON logged_model_metrics (model_id, key, step, timestamp);
CREATE INDEX logged_model_metrics_by_run ON logged_model_metrics (run_id);

-- Which models a run used (`input`) and made (`output`, at a step).
CREATE TABLE run_models (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('input', 'output')),
    model_id TEXT NOT NULL,
    step INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, kind, model_id, step)
) STRICT, WITHOUT ROWID;

ALTER TABLE models ADD COLUMN updated_at INTEGER;

-- The same table as before, but a version that came through the protocol has a source and no digest.
CREATE TABLE model_versions_1 AS SELECT * FROM model_versions;
DROP TABLE model_versions;
CREATE TABLE model_versions (
    id INTEGER PRIMARY KEY,
    model_id INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    digest TEXT REFERENCES blobs (digest),
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
    updated_at INTEGER,
    stage TEXT NOT NULL DEFAULT 'None',
    source TEXT,
    storage_location TEXT,
    run_uuid TEXT,
    run_link TEXT,
    logged_model TEXT,
    UNIQUE (model_id, version)
) STRICT;
INSERT INTO model_versions (id, model_id, version, digest, run_id, step, port, created_at, created_by, deleted_at,
    description, pipeline, commit_id, tags, metrics, datasets, details)
SELECT id, model_id, version, digest, run_id, step, port, created_at, created_by, deleted_at,
    description, pipeline, commit_id, tags, metrics, datasets, details FROM model_versions_1;
DROP TABLE model_versions_1;

CREATE INDEX model_versions_by_digest ON model_versions (digest);
CREATE INDEX model_versions_by_run ON model_versions (run_id);

CREATE TABLE model_aliases (
    model_id INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (model_id, alias)
) STRICT, WITHOUT ROWID;

-- Files that clients log, by their path below `mlflow-artifacts:/`: `EXPERIMENT/RUN/artifacts/…`. A path is a
-- key of this table and never one of the disk's, where the bytes lie by their digest.
CREATE TABLE artifacts (
    path TEXT PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES blobs (digest),
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX artifacts_by_digest ON artifacts (digest);

-- The first experiment came with the database, without a time; clients ask for one.
UPDATE experiments
SET created_at = coalesce((SELECT min(created_at) FROM runs), CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    updated_at = coalesce((SELECT min(created_at) FROM runs), CAST(unixepoch('subsec') * 1000 AS INTEGER))
WHERE created_at = 0;
