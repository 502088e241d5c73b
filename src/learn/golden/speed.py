"""Times scikit-learn on the table that `cargo run --example forest DUMP` wrote: python speed.py DUMP"""
import sys
import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score

table = np.fromfile(sys.argv[1]).reshape(-1, 29)
x, y = table[:, :28], table[:, 28].astype(int)
for model in [RandomForestClassifier(100, n_jobs=-1, random_state=0),
              HistGradientBoostingClassifier(max_depth=6, max_leaf_nodes=None, early_stopping=False)]:
    started, cpu = time.perf_counter(), time.process_time()
    model.fit(x[:100_000], y[:100_000])
    fitting, cpu = time.perf_counter() - started, time.process_time() - cpu
    started = time.perf_counter()
    scores = model.predict_proba(x[100_000:])[:, 1]
    scoring = time.perf_counter() - started
    auc = roc_auc_score(y[100_000:], scores)
    print(f"{type(model).__name__}: fit {fitting:.2f} s (CPU {cpu:.2f} s), score {scoring:.2f} s, ROC AUC {auc:.4f}")
