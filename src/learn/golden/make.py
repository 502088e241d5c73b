"""Writes the golden files beside it: what scikit-learn says of fixed vectors and of the sample tables.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 pandas==3.1.1
    python make.py

Reads `assets/samples/{breast_cancer,diabetes}.csv` of this repository.
"""
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from sklearn import metrics as m
from sklearn.cluster import KMeans
from sklearn.ensemble import (HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier,
                              RandomForestRegressor)
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit, train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "assets" / "samples"


def write(name, value):
    value = {"made_with": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}"} | value

    def plain(v):
        if isinstance(v, dict):
            return {k: plain(x) for k, x in v.items()}
        if isinstance(v, (list, tuple, np.ndarray)):
            return [plain(x) for x in v]
        if isinstance(v, (float, np.floating)):
            return float(v) if np.isfinite(v) else None
        if isinstance(v, (bool, np.bool_)):
            return bool(v)
        return int(v) if isinstance(v, np.integer) else v

    (HERE / name).write_text(json.dumps(plain(value), separators=(",", ":")) + "\n")


def regression_case(truth, predicted, weights):
    w = {"sample_weight": weights}
    return {
        "truth": truth, "predicted": predicted, "weights": weights,
        "metrics": {
            "r2": m.r2_score(truth, predicted, **w),
            "mean_absolute_error": m.mean_absolute_error(truth, predicted, **w),
            "root_mean_squared_error": m.root_mean_squared_error(truth, predicted, **w),
            "mean_squared_error": m.mean_squared_error(truth, predicted, **w),
            "median_absolute_error": m.median_absolute_error(truth, predicted, **w),
            "mean_absolute_percentage_error": m.mean_absolute_percentage_error(truth, predicted, **w),
            "explained_variance": m.explained_variance_score(truth, predicted, **w),
            "max_error": m.max_error(truth, predicted),
            "mean_squared_log_error": m.mean_squared_log_error(truth, predicted, **w)
            if min(truth.min(), predicted.min()) > -1 else None,
        },
    }


def binary_case(truth, probability, weights, threshold):
    w = {"sample_weight": weights}
    predicted = probability >= threshold
    both = len(set(truth)) == 2
    return {
        "truth": truth, "probability": probability, "weights": weights, "threshold": threshold,
        "metrics": {
            "accuracy": m.accuracy_score(truth, predicted, **w),
            "balanced_accuracy": m.balanced_accuracy_score(truth, predicted, **w),
            "precision": m.precision_score(truth, predicted, **w),
            "recall": m.recall_score(truth, predicted, **w),
            "f1": m.f1_score(truth, predicted, **w),
            "specificity": m.recall_score(truth, predicted, pos_label=0, **w),
            "mcc": m.matthews_corrcoef(truth, predicted, **w),
            "kappa": m.cohen_kappa_score(truth, predicted, **w),
            "roc_auc": m.roc_auc_score(truth, probability, **w) if both else None,
            "average_precision": m.average_precision_score(truth, probability, **w),
            "log_loss": m.log_loss(truth, probability, labels=[0, 1], **w),
            "brier_score": m.brier_score_loss(truth, probability, pos_label=1, **w),
        },
    }


def multiclass_case(truth, probabilities, weights):
    w = {"sample_weight": weights}
    classes = list(range(probabilities.shape[1]))
    predicted = probabilities.argmax(axis=1)
    every = set(truth) == set(classes)
    values = {
        "accuracy": m.accuracy_score(truth, predicted, **w),
        "balanced_accuracy": m.balanced_accuracy_score(truth, predicted, **w),
        "roc_auc_macro": m.roc_auc_score(truth, probabilities, multi_class="ovr", **w) if every else None,
        "log_loss": m.log_loss(truth, probabilities, labels=classes, **w),
        "kappa": m.cohen_kappa_score(truth, predicted, **w),
        "mcc": m.matthews_corrcoef(truth, predicted, **w),
        "top_2_accuracy": m.top_k_accuracy_score(truth, probabilities, k=2, labels=classes, **w),
    }
    for average in ["macro", "weighted", "micro"]:
        scores = m.precision_recall_fscore_support(truth, predicted, average=average, **w)
        for name, score in zip(["precision", "recall", "f1"], scores):
            values[f"{name}_{average}"] = score
    return {"truth": truth, "probabilities": probabilities.ravel(), "classes": len(classes), "weights": weights,
            "metrics": values, "per_class": np.transpose(
                m.precision_recall_fscore_support(truth, predicted, labels=classes, **w))}


def clustering_case(x, codes, truth):
    return {
        "x": x, "codes": codes, "truth": truth,
        "metrics": {
            "silhouette": m.silhouette_score(x, codes),
            "calinski_harabasz": m.calinski_harabasz_score(x, codes),
            "davies_bouldin": m.davies_bouldin_score(x, codes),
            "adjusted_rand": m.adjusted_rand_score(truth, codes),
            "normalised_mutual_information": m.normalized_mutual_info_score(truth, codes),
            "homogeneity": m.homogeneity_score(truth, codes),
            "completeness": m.completeness_score(truth, codes),
            "v_measure": m.v_measure_score(truth, codes),
        },
    }


def make_metrics():
    r = np.random.default_rng(7)
    n = 60
    truth = r.gamma(2, 10, n)
    predicted = np.abs(truth + r.normal(0, 5, n))
    w = r.integers(0, 4, n).astype(float)
    fine = r.uniform(0.1, 3, n)
    regression = [
        regression_case(truth, predicted, None), regression_case(truth, predicted, w),
        regression_case(truth, predicted, fine), regression_case(truth - 30, predicted - 31, None),
        regression_case(np.full(5, 3.0), np.full(5, 3.0), None),
        regression_case(np.full(5, 3.0), np.array([3.0, 2, 3, 4, 3]), None),
        regression_case(np.array([0.0, 1, 2, 3]), np.array([0.5, 1, 2, 2]), None),
    ]
    t = r.integers(0, 2, n)
    p = np.clip(0.5 + (t - 0.5) * 0.4 + r.normal(0, 0.25, n), 0, 1)
    tied = np.round(p, 1)
    binary = [
        binary_case(t, p, None, 0.5), binary_case(t, tied, None, 0.5), binary_case(t, tied, fine, 0.3),
        binary_case(t, p, w, 0.7), binary_case(t, np.full(n, 0.2), None, 0.5),
        binary_case(np.array([0, 0, 1]), np.array([0.0, 1.0, 0.0]), None, 0.5),
        binary_case(np.zeros(4, int), np.array([0.1, 0.2, 0.7, 0.4]), None, 0.5),
        binary_case(np.ones(4, int), np.array([0.1, 0.2, 0.7, 0.4]), None, 0.5),
    ]
    k = r.integers(0, 4, n)
    q = r.dirichlet(np.ones(4), n) + 0.8 * np.eye(4)[k] * r.uniform(0, 1, (n, 1))
    q /= q.sum(axis=1, keepdims=True)
    some = np.where(k == 3, 0, k)
    ties = np.round(q * 4) + 1e-3
    ties /= ties.sum(axis=1, keepdims=True)
    multiclass = [
        multiclass_case(k, q, None), multiclass_case(k, q, fine), multiclass_case(k, ties, None),
        multiclass_case(some, q, None), multiclass_case(some, q, w),
    ]
    x = np.concatenate([r.normal(c, 1, (20, 3)) for c in [0, 3, 5]])
    real = np.repeat([0, 1, 2], 20)
    codes = np.where(r.uniform(size=60) < 0.2, r.integers(0, 3, 60), real)
    lonely = codes.copy()
    lonely[5] = 7
    clustering = [clustering_case(x, codes, real), clustering_case(x, lonely, real),
                  clustering_case(x, codes, np.zeros(60, int)), clustering_case(x, real, real)]
    write("metrics.json", {"regression": regression, "binary": binary, "multiclass": multiclass,
                           "clustering": clustering})


def cancer():
    table = pd.read_csv(SAMPLES / "breast_cancer.csv")
    return table.drop(columns="diagnosis").to_numpy(), (table.diagnosis == "malignant").to_numpy().astype(int)


def diabetes():
    table = pd.read_csv(SAMPLES / "diabetes.csv")
    return table.drop(columns="progression").to_numpy(), table.progression.to_numpy()


def linear(model):
    return {"coefficients": np.atleast_2d(model.coef_), "intercepts": np.atleast_1d(model.intercept_)}


def make_linear():
    x, y = diabetes()
    w = np.random.default_rng(3).uniform(0.2, 3, len(y))
    twice = np.column_stack([x, x[:, 2] * 2, x[:, 0] - x[:, 3]])
    few = StandardScaler().fit_transform(twice)[:8]
    scaled = StandardScaler().fit_transform(x)
    write("linear.json", {
        "weights": w,
        "ols": linear(LinearRegression().fit(x, y)),
        "ols_no_intercept": linear(LinearRegression(fit_intercept=False).fit(x, y)),
        "ols_weighted": linear(LinearRegression().fit(x, y, w)),
        "ols_dependent": linear(LinearRegression().fit(twice, y)),
        "ols_few_rows": linear(LinearRegression().fit(few, y[:8])),
        "ridge": linear(Ridge(alpha=2.5, solver="svd").fit(x, y)),
        "ridge_weighted": linear(Ridge(alpha=2.5, solver="cholesky").fit(x, y, w)),
        "elastic_net": linear(ElasticNet(alpha=0.7, l1_ratio=0.3, tol=1e-12, max_iter=100_000).fit(scaled, y)),
        "lasso_weighted": linear(ElasticNet(alpha=2.0, l1_ratio=1.0, tol=1e-12, max_iter=100_000).fit(scaled, y, w)),
    })


def logistic(x, y, weights=None, **params):
    model = LogisticRegression(tol=1e-12, max_iter=200_000, **params).fit(x, y, weights)
    return linear(model) | {"log_loss": m.log_loss(y, model.predict_proba(x)), "accuracy": model.score(x, y)}


def make_logistic():
    x, y = cancer()
    scaled = StandardScaler().fit_transform(x)
    w = np.random.default_rng(3).uniform(0.2, 3, len(y))
    radius = np.digitize(x[:, 0], np.quantile(x[:, 0], [0.3, 0.6, 0.8]))
    write("logistic.json", {
        "weights": w,
        "binary": logistic(scaled, y),
        "binary_weak_penalty": logistic(scaled, y, C=100.0),
        "binary_no_intercept": logistic(scaled, y, fit_intercept=False),
        "binary_balanced": logistic(scaled, y, w, class_weight="balanced"),
        "binary_unscaled": logistic(x[:, [1, 4, 6, 20, 25]], y, solver="newton-cholesky"),
        "multinomial_truth": radius,
        "multinomial": logistic(scaled[:, 1:], radius),
        "multinomial_weighted": logistic(scaled[:, 1:], radius, w, C=0.3),
    })


def binary_scores(model, x, y, train, test):
    model.fit(x[train], y[train])
    p = model.predict_proba(x[test])[:, 1]
    return {"accuracy": m.accuracy_score(y[test], p > 0.5), "roc_auc": m.roc_auc_score(y[test], p),
            "log_loss": m.log_loss(y[test], p)}


def real_scores(model, x, y, train, test):
    p = model.fit(x[train], y[train]).predict(x[test])
    return {"r2": m.r2_score(y[test], p), "root_mean_squared_error": m.root_mean_squared_error(y[test], p)}


def spread(score, models):
    """The mean and the extremes over seeds."""
    all = [score(model) for model in models]
    return {key: {"mean": np.mean([s[key] for s in all]), "low": min(s[key] for s in all),
                  "high": max(s[key] for s in all)} for key in all[0]}


def make_models():
    x, y = cancer()
    train, test = (np.sort(part) for part in train_test_split(np.arange(len(y)), test_size=0.3, random_state=1, stratify=y))
    dx, dy = diabetes()
    dtrain, dtest = (np.sort(part) for part in train_test_split(np.arange(len(dy)), test_size=0.3, random_state=1))
    scaler = StandardScaler().fit(x[train])
    sx = scaler.transform(x)
    dsx = StandardScaler().fit(dx[dtrain]).transform(dx)

    # Where two splits are equally good scikit-learn draws one, so only trees that no seed changes can be compared.
    def trees(kind, x, y, params, predict):
        models = [kind(random_state=seed, **params).fit(x[dtrain], y[dtrain]) for seed in range(20)]
        outputs = [predict(model, x[dtest]) for model in models]
        assert all(np.allclose(o, outputs[0], atol=1e-12) for o in outputs), params
        return {"params": params, "outputs": outputs[0], "leaves": models[0].get_n_leaves(),
                "depth": models[0].get_depth(), "importance": models[0].feature_importances_}

    high = (dy > 140).astype(int)

    def tree(**params):
        return trees(DecisionTreeClassifier, dx, high, params, lambda model, x: model.predict_proba(x)[:, 1])

    def real_tree(**params):
        return trees(DecisionTreeRegressor, dx, dy, params, lambda model, x: model.predict(x))

    def neighbours(**params):
        model = KNeighborsClassifier(**params).fit(sx[train], y[train])
        return {"params": params, "probability": model.predict_proba(sx[test])[:, 1]}

    def real_neighbours(**params):
        return {"params": params, "predicted": KNeighborsRegressor(**params).fit(dsx[dtrain], dy[dtrain]).predict(dsx[dtest])}

    seeds = range(10)
    boosting = dict(max_leaf_nodes=None, max_depth=6, min_samples_leaf=1, l2_regularization=1.0, early_stopping=False)
    centres = [KMeans(k, n_init=20, tol=1e-10, random_state=0).fit(sx) for k in [2, 3, 5]]
    write("models.json", {
        "train": train, "test": test, "real_train": dtrain, "real_test": dtest,
        "tree": [tree(max_depth=2), tree(max_depth=3, min_samples_leaf=5), tree(max_depth=3, criterion="entropy"),
                 tree(max_depth=3, class_weight="balanced")],
        "real_tree": [real_tree(max_depth=3), real_tree(max_depth=5, min_samples_leaf=8),
                      real_tree(min_samples_split=60), real_tree(min_samples_leaf=7, ccp_alpha=40.0)],
        "full_tree": spread(lambda t: binary_scores(t, x, y, train, test),
                            [DecisionTreeClassifier(random_state=s) for s in seeds]),
        "forest": spread(lambda f: binary_scores(f, x, y, train, test),
                         [RandomForestClassifier(100, random_state=s) for s in seeds]),
        "real_forest": spread(lambda f: real_scores(f, dx, dy, dtrain, dtest),
                              [RandomForestRegressor(100, random_state=s) for s in seeds]),
        "boosting": binary_scores(HistGradientBoostingClassifier(**boosting), x, y, train, test),
        "real_boosting": real_scores(HistGradientBoostingRegressor(**boosting), dx, dy, dtrain, dtest),
        "neighbours": [neighbours(), neighbours(n_neighbors=9, weights="distance"),
                       neighbours(n_neighbors=1, p=1), neighbours(n_neighbors=12, weights="distance", p=1)],
        "real_neighbours": [real_neighbours(), real_neighbours(n_neighbors=10, weights="distance")],
        "k_means": [{"clusters": k.n_clusters, "inertia": k.inertia_,
                     "silhouette": m.silhouette_score(sx, k.labels_)} for k in centres],
    })


def make_folds():
    r = np.random.default_rng(5)
    codes = r.choice(3, 47, p=[0.6, 0.3, 0.1])
    groups = r.integers(0, 11, 47)
    x = np.zeros((47, 1))
    tests = lambda splitter, **by: [test for _, test in splitter.split(x, codes, **by)]
    series = [{"train": train, "test": test} for train, test in TimeSeriesSplit(4).split(x)]
    write("folds.json", {"codes": codes, "groups": groups, "k_fold": tests(KFold(5)),
                         "stratified": tests(StratifiedKFold(4)), "group": tests(GroupKFold(4), groups=groups),
                         "time_series": series})


make_metrics()
make_linear()
make_logistic()
make_models()
make_folds()
