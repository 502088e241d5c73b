PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE blobs (
    digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL
, claims INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
INSERT INTO blobs VALUES('df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24',5,1796058388249,2);
CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL
) STRICT;
INSERT INTO keys VALUES(1,'rmse',1);
INSERT INTO keys VALUES(2,'depth',2);
INSERT INTO keys VALUES(3,'mlflow.user',4);
INSERT INTO keys VALUES(4,'mlflow.source.name',4);
INSERT INTO keys VALUES(5,'mlflow.source.type',4);
INSERT INTO keys VALUES(6,'team',4);
INSERT INTO keys VALUES(7,'auc',1);
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
, artifact_location TEXT) STRICT;
INSERT INTO experiments VALUES(0,'Default','',1796058388135,1796058388135,NULL,NULL);
INSERT INTO experiments VALUES(1,'Churn','',1796058388258,1796058388258,NULL,NULL);
CREATE TABLE experiment_tags (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO experiment_tags VALUES(0,'a','b');
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
, artifact_uri TEXT, logged INTEGER NOT NULL DEFAULT 0, start_time INTEGER GENERATED ALWAYS AS (coalesce(started_at, created_at)) VIRTUAL) STRICT;
INSERT INTO runs VALUES(1,'994b645e88ca2e9809d38f2f2a489f2d',0,1796058388235,'running',0,NULL,NULL,1,NULL,NULL,'logged',NULL,NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,'{}',NULL,1);
INSERT INTO runs VALUES(2,'7dadebaedfde467f263064cf796136d9',1,1796058388258,'done',0,NULL,NULL,1796058388258,1796058388258,NULL,'brisk-heron','pipelines/a.yaml',NULL,'ada',NULL,NULL,NULL,'df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24',NULL,NULL,'{}',NULL,0);
CREATE TABLE run_texts (
    run_id INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;
INSERT INTO run_texts VALUES(1,replace('logged\n\n994b645e88ca2e9809d38f2f2a489f2d','\n',char(10)));
INSERT INTO run_texts VALUES(2,replace('brisk-heron\npipelines/a.yaml\nada\n7dadebaedfde467f263064cf796136d9','\n',char(10)));
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
INSERT INTO steps VALUES(1,2,0,'split','SPLIT','','','skipped',0.0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO steps VALUES(2,2,1,'train','TRAIN','','','skipped',0.0,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE step_outputs (
    step_id INTEGER NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
    port TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT REFERENCES blobs (digest),
    meta TEXT NOT NULL,
    PRIMARY KEY (step_id, port)
) STRICT, WITHOUT ROWID;
INSERT INTO step_outputs VALUES(2,'model','model','df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24','{"trees":3}');
CREATE TABLE step_cache (
    key TEXT PRIMARY KEY,
    run TEXT,
    step TEXT,
    created_at INTEGER NOT NULL
, journal TEXT, logged_run TEXT) STRICT, WITHOUT ROWID;
INSERT INTO step_cache VALUES('key','7dadebaedfde467f263064cf796136d9','train',1796058388258,NULL,NULL);
CREATE TABLE step_cache_outputs (
    key TEXT NOT NULL REFERENCES step_cache (key) ON DELETE CASCADE,
    port TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT REFERENCES blobs (digest),
    meta TEXT NOT NULL,
    PRIMARY KEY (key, port)
) STRICT, WITHOUT ROWID;
INSERT INTO step_cache_outputs VALUES('key','model','model','df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24','{"trees":3}');
CREATE TABLE params (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    value TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (run_id, key_id)
) STRICT, WITHOUT ROWID;
INSERT INTO params VALUES(2,2,'6',6.0);
CREATE TABLE tags (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key_id)
) STRICT, WITHOUT ROWID;
INSERT INTO tags VALUES(2,3,'ada');
INSERT INTO tags VALUES(2,4,'pipelines/a.yaml');
INSERT INTO tags VALUES(2,5,'PROJECT');
INSERT INTO tags VALUES(2,6,'red');
CREATE TABLE metrics (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    n INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (run_id, key_id, step, timestamp, n)
) STRICT, WITHOUT ROWID;
INSERT INTO metrics VALUES(1,1,1,2,0,1.5);
INSERT INTO metrics VALUES(2,7,1,1,0,NULL);
INSERT INTO metrics VALUES(2,7,2,2,0,0.98099999999999998312);
CREATE TABLE latest_metrics (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id INTEGER NOT NULL REFERENCES keys (id),
    step INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (run_id, key_id)
) STRICT, WITHOUT ROWID;
INSERT INTO latest_metrics VALUES(1,1,1,2,1.5);
INSERT INTO latest_metrics VALUES(2,7,2,2,0.98099999999999998312);
CREATE TABLE run_inputs (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    port TEXT NOT NULL,
    dataset TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (run_id, step, port)
) STRICT, WITHOUT ROWID;
INSERT INTO run_inputs VALUES(2,'split','in','churn',2,'df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24');
CREATE TABLE logs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step_id INTEGER REFERENCES steps (id) ON DELETE CASCADE,
    ts INTEGER NOT NULL,
    stream TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
INSERT INTO logs VALUES(1,2,2,1,'info','Fitted');
CREATE TABLE datasets (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    next_version INTEGER NOT NULL DEFAULT 1
) STRICT;
INSERT INTO datasets VALUES(1,'churn','',1796058388258,NULL,3);
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
INSERT INTO dataset_versions VALUES(1,1,1,'df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24',5,569,31,1796058388258,'unknown',NULL,'{"files":["churn.csv"]}');
INSERT INTO dataset_versions VALUES(2,1,2,'df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24',5,569,31,1796058388258,'unknown',NULL,'{"files":["churn.csv"]}');
CREATE TABLE dataset_profiles (
    version_id INTEGER PRIMARY KEY REFERENCES dataset_versions (id) ON DELETE CASCADE,
    schema TEXT NOT NULL,
    profile TEXT NOT NULL
) STRICT;
INSERT INTO dataset_profiles VALUES(1,'[{"name":"age","type":"i64"}]','{"age":{"mean":40.5}}');
INSERT INTO dataset_profiles VALUES(2,'[{"name":"age","type":"i64"}]','{"age":{"mean":40.5}}');
CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    next_version INTEGER NOT NULL DEFAULT 1
, updated_at INTEGER) STRICT;
INSERT INTO models VALUES(1,'registered','','{}',1796058388235,NULL,2,1796058388235);
INSERT INTO models VALUES(2,'churn-model','','{}',1796058388258,NULL,2,NULL);
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO settings VALUES('layout','{"rail":56}');
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ts INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL
) STRICT;
INSERT INTO events VALUES(1,1796058388235,'test.change','m-095e70d5b683d6f5c07bb04de29530f6','{"version":1}');
INSERT INTO events VALUES(2,1796058388258,'run.finished','churn','{"version":1}');
INSERT INTO events VALUES(3,1796058388261,'setting.changed','layout','{}');
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ts INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
INSERT INTO audit VALUES(1,1796058388235,'unknown','test.change','m-095e70d5b683d6f5c07bb04de29530f6','{"version":1}');
INSERT INTO audit VALUES(2,1796058388258,'unknown','run.finished','churn','{"version":1}');
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
INSERT INTO logged_datasets VALUES(1,0,'d','1','','',NULL,NULL);
CREATE TABLE run_datasets (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    dataset_id INTEGER NOT NULL REFERENCES logged_datasets (id) ON DELETE CASCADE,
    tags TEXT NOT NULL DEFAULT '[]',
    context TEXT,
    PRIMARY KEY (run_id, dataset_id)
) STRICT, WITHOUT ROWID;
INSERT INTO run_datasets VALUES(1,1,'[["mlflow.data.context","eval"]]','eval');
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
INSERT INTO logged_models VALUES(1,'m-095e70d5b683d6f5c07bb04de29530f6',0,'clf','mlflow-artifacts:/0/models/m-095e70d5b683d6f5c07bb04de29530f6/artifacts',1796058388235,1796058388235,NULL,'PENDING',NULL,NULL,'994b645e88ca2e9809d38f2f2a489f2d');
INSERT INTO logged_models VALUES(2,'m-14598aef2fc66fb802059587ea0ac066',1,'churn-model','mlflow-artifacts:/1/models/m-14598aef2fc66fb802059587ea0ac066/artifacts',1796058388258,1796058388258,NULL,'READY',NULL,'','7dadebaedfde467f263064cf796136d9');
CREATE TABLE logged_model_params (
    model_id INTEGER NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO logged_model_params VALUES(1,'depth','6');
CREATE TABLE logged_model_tags (
    model_id INTEGER NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO logged_model_tags VALUES(1,'a','b');
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
INSERT INTO logged_model_metrics VALUES(1,1,1,'rmse',1,2,1.5,NULL,NULL);
CREATE TABLE run_models (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('input', 'output')),
    model_id TEXT NOT NULL,
    step INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, kind, model_id, step)
) STRICT, WITHOUT ROWID;
INSERT INTO run_models VALUES(1,'output','m-095e70d5b683d6f5c07bb04de29530f6',0);
INSERT INTO run_models VALUES(2,'output','m-14598aef2fc66fb802059587ea0ac066',0);
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
INSERT INTO model_versions VALUES(1,1,1,NULL,1,NULL,NULL,1796058388235,'unknown',NULL,'',NULL,NULL,'{}','{}','[]','{}',1796058388235,'None','runs:/x/model',NULL,'994b645e88ca2e9809d38f2f2a489f2d',NULL,NULL);
INSERT INTO model_versions VALUES(2,2,1,'df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24',2,NULL,NULL,1796058388258,'unknown',NULL,'',NULL,NULL,'{}','{}','[]','{}',NULL,'None','models:/m-14598aef2fc66fb802059587ea0ac066','mlflow-artifacts:/1/models/m-14598aef2fc66fb802059587ea0ac066/artifacts',NULL,NULL,'m-14598aef2fc66fb802059587ea0ac066');
CREATE TABLE model_aliases (
    model_id INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (model_id, alias)
) STRICT, WITHOUT ROWID;
INSERT INTO model_aliases VALUES(1,'champion',1);
CREATE TABLE artifacts (
    path TEXT PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES blobs (digest),
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO artifacts VALUES('0/994b645e88ca2e9809d38f2f2a489f2d/artifacts/notes.txt','df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24',5,1796058388235);
INSERT INTO artifacts VALUES('1/models/m-14598aef2fc66fb802059587ea0ac066/artifacts/model.atelier','df19b1f105ff929191ce49d0bbfdc5b4edc2a71a40f502dc955359eb33649e24',5,1796058388258);
CREATE TABLE released_blobs (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('experiments',1);
INSERT INTO sqlite_sequence VALUES('runs',2);
INSERT INTO sqlite_sequence VALUES('events',3);
INSERT INTO sqlite_sequence VALUES('audit',2);
INSERT INTO sqlite_sequence VALUES('logs',1);
CREATE INDEX runs_by_created ON runs (deleted_at, created_at);
CREATE INDEX runs_by_experiment ON runs (experiment_id, deleted_at, created_at);
CREATE INDEX runs_by_pipeline ON runs (pipeline, deleted_at, created_at);
CREATE INDEX runs_by_status ON runs (status, deleted_at, created_at);
CREATE INDEX runs_sorted ON runs (deleted_at, started_at, ended_at, status, experiment_id, user, name);
CREATE INDEX runs_by_plan ON runs (plan_digest);
CREATE INDEX runs_by_diff ON runs (diff_digest);
CREATE INDEX runs_by_environment ON runs (environment_digest);
CREATE INDEX step_outputs_by_digest ON step_outputs (digest);
CREATE INDEX step_cache_outputs_by_digest ON step_cache_outputs (digest);
CREATE INDEX params_by_value ON params (key_id, number, value, run_id);
CREATE INDEX tags_by_value ON tags (key_id, value, run_id);
CREATE INDEX latest_metrics_by_value ON latest_metrics (key_id, value, run_id);
CREATE INDEX run_inputs_by_dataset ON run_inputs (dataset, version);
CREATE INDEX logs_by_run ON logs (run_id);
CREATE INDEX logs_by_step ON logs (step_id) WHERE step_id IS NOT NULL;
CREATE INDEX dataset_versions_by_digest ON dataset_versions (digest);
CREATE INDEX audit_by_subject ON audit (subject);
CREATE INDEX runs_by_start ON runs (experiment_id, start_time DESC, uuid, deleted_at, status, ended_at);
CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset_id);
CREATE INDEX logged_models_by_experiment ON logged_models (experiment_id, deleted_at, created_at);
CREATE INDEX logged_model_metrics_by_model ON logged_model_metrics (model_id, key, step, timestamp);
CREATE INDEX logged_model_metrics_by_run ON logged_model_metrics (run_id);
CREATE INDEX model_versions_by_digest ON model_versions (digest);
CREATE INDEX model_versions_by_run ON model_versions (run_id);
CREATE INDEX artifacts_by_digest ON artifacts (digest);
CREATE TRIGGER artifacts_removed AFTER DELETE ON artifacts BEGIN
    INSERT OR IGNORE INTO released_blobs (digest) VALUES (OLD.digest);
END;
CREATE TRIGGER artifacts_replaced AFTER UPDATE OF digest ON artifacts WHEN OLD.digest <> NEW.digest BEGIN
    INSERT OR IGNORE INTO released_blobs (digest) VALUES (OLD.digest);
END;
CREATE TRIGGER step_outputs_removed AFTER DELETE ON step_outputs WHEN OLD.digest IS NOT NULL BEGIN
    INSERT OR IGNORE INTO released_blobs (digest) VALUES (OLD.digest);
END;
CREATE TRIGGER step_cache_outputs_removed AFTER DELETE ON step_cache_outputs WHEN OLD.digest IS NOT NULL BEGIN
    INSERT OR IGNORE INTO released_blobs (digest) VALUES (OLD.digest);
END;
CREATE TRIGGER dataset_versions_removed AFTER DELETE ON dataset_versions BEGIN
    INSERT OR IGNORE INTO released_blobs (digest) VALUES (OLD.digest);
END;
CREATE TRIGGER model_versions_removed AFTER DELETE ON model_versions WHEN OLD.digest IS NOT NULL BEGIN
    INSERT OR IGNORE INTO released_blobs (digest) VALUES (OLD.digest);
END;
CREATE TRIGGER runs_removed AFTER DELETE ON runs BEGIN
    INSERT OR IGNORE INTO released_blobs (digest)
    SELECT value FROM json_each(json_array(OLD.plan_digest, OLD.diff_digest, OLD.environment_digest))
    WHERE value IS NOT NULL;
END;
CREATE TRIGGER model_versions_have_sources BEFORE INSERT ON model_versions WHEN coalesce(NEW.source, '') = '' BEGIN
    SELECT RAISE(ABORT, 'a model version needs a source');
END;
CREATE TRIGGER model_versions_keep_sources BEFORE UPDATE OF source ON model_versions WHEN coalesce(NEW.source, '') = ''
BEGIN
    SELECT RAISE(ABORT, 'a model version needs a source');
END;
COMMIT;
PRAGMA user_version = 4;
PRAGMA application_id = 1098148978;
