-- Schema 3. Every model version names a source; what loses its last reference goes by itself; what a run of a
-- pipeline shows as tags is stored as tags.

-- How many have stored these bytes and have yet to refer to them.
ALTER TABLE blobs ADD COLUMN claims INTEGER NOT NULL DEFAULT 0;

-- Digests that something referred to and no longer does: whoever sweeps looks whether anything else does.
CREATE TABLE released_blobs (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

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

-- A version that the window registered becomes a logged model: the one that its step shows, where that is there.
UPDATE model_versions SET logged_model = (
    SELECT l.model_id FROM runs r
    JOIN logged_models l ON l.source_run = r.uuid AND l.deleted_at IS NULL AND l.name = model_versions.step
    JOIN artifacts a ON a.path = l.experiment_id || '/models/' || l.model_id || '/artifacts/model.atelier'
        AND a.digest = model_versions.digest
    WHERE r.id = model_versions.run_id LIMIT 1)
WHERE digest IS NOT NULL AND coalesce(source, '') = '';

UPDATE model_versions SET logged_model = 'm-' || lower(hex(randomblob(16)))
WHERE digest IS NOT NULL AND coalesce(source, '') = '' AND logged_model IS NULL;

INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, created_at, updated_at, status, source_run)
SELECT v.logged_model, coalesce(r.experiment_id, 0), coalesce(v.step, m.name),
    'mlflow-artifacts:/' || coalesce(r.experiment_id, 0) || '/models/' || v.logged_model || '/artifacts',
    v.created_at, v.created_at, 'READY', r.uuid
FROM model_versions v JOIN models m ON m.id = v.model_id LEFT JOIN runs r ON r.id = v.run_id
WHERE v.digest IS NOT NULL AND coalesce(v.source, '') = ''
    AND NOT EXISTS (SELECT 1 FROM logged_models l WHERE l.model_id = v.logged_model);

INSERT OR IGNORE INTO artifacts (path, digest, size, created_at)
SELECT l.experiment_id || '/models/' || l.model_id || '/artifacts/model.atelier', v.digest, b.size, v.created_at
FROM model_versions v JOIN logged_models l ON l.model_id = v.logged_model JOIN blobs b ON b.digest = v.digest
WHERE coalesce(v.source, '') = '';

INSERT OR IGNORE INTO run_models (run_id, kind, model_id)
SELECT run_id, 'output', logged_model FROM model_versions
WHERE digest IS NOT NULL AND coalesce(source, '') = '' AND run_id IS NOT NULL;

UPDATE model_versions SET
    source = 'models:/' || logged_model,
    storage_location = (SELECT l.artifact_location FROM logged_models l WHERE l.model_id = logged_model)
WHERE digest IS NOT NULL AND coalesce(source, '') = '';

-- Copies of such versions lay nowhere; those of copies come after them.
UPDATE model_versions SET storage_location = (
    SELECT coalesce(o.storage_location, '') FROM models m JOIN model_versions o ON o.model_id = m.id
    WHERE model_versions.source = 'models:/' || m.name || '/' || o.version)
WHERE storage_location = '' AND source LIKE 'models:/%/%';
UPDATE model_versions SET storage_location = (
    SELECT coalesce(o.storage_location, '') FROM models m JOIN model_versions o ON o.model_id = m.id
    WHERE model_versions.source = 'models:/' || m.name || '/' || o.version)
WHERE storage_location = '' AND source LIKE 'models:/%/%';
UPDATE model_versions SET storage_location = (
    SELECT coalesce(o.storage_location, '') FROM models m JOIN model_versions o ON o.model_id = m.id
    WHERE model_versions.source = 'models:/' || m.name || '/' || o.version)
WHERE storage_location = '' AND source LIKE 'models:/%/%';
UPDATE model_versions SET storage_location = NULL WHERE storage_location = '';

-- What is known of no bytes leads nowhere, and above all not into the folder of whoever asks.
UPDATE model_versions SET source = 'unknown:/' || (SELECT m.name FROM models m WHERE m.id = model_id) || '/' || version
WHERE coalesce(source, '') = '';

CREATE TRIGGER model_versions_have_sources BEFORE INSERT ON model_versions WHEN coalesce(NEW.source, '') = '' BEGIN
    SELECT RAISE(ABORT, 'a model version needs a source');
END;
CREATE TRIGGER model_versions_keep_sources BEFORE UPDATE OF source ON model_versions WHEN coalesce(NEW.source, '') = ''
BEGIN
    SELECT RAISE(ABORT, 'a model version needs a source');
END;

-- What runs of pipelines showed as tags without having them, so that no search found it.
INSERT INTO keys (name, uses)
SELECT value, 4 FROM json_each('["mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.source.git.commit",
    "mlflow.source.git.branch"]')
WHERE EXISTS (SELECT 1 FROM runs WHERE NOT logged)
ON CONFLICT (name) DO UPDATE SET uses = uses | 4;

INSERT OR IGNORE INTO tags (run_id, key_id, value)
SELECT r.id, k.id, CASE k.name
    WHEN 'mlflow.user' THEN nullif(r.user, '')
    WHEN 'mlflow.source.name' THEN r.pipeline
    WHEN 'mlflow.source.type' THEN 'PROJECT'
    WHEN 'mlflow.source.git.commit' THEN r.commit_id
    ELSE r.branch END AS told
FROM runs r CROSS JOIN keys k
WHERE NOT r.logged AND told IS NOT NULL AND k.name IN
    ('mlflow.user', 'mlflow.source.name', 'mlflow.source.type', 'mlflow.source.git.commit', 'mlflow.source.git.branch');
