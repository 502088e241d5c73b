"""Golden values for the `data` crate, made by scikit-learn, SciPy and pandas.

    pip install numpy scipy scikit-learn pandas
    python make.py FOLDER_WITH_SAMPLE_TABLES > golden.json

The folder holds breast_cancer.csv and diabetes.csv.
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd
import scipy.stats as st
from sklearn.feature_selection import chi2, f_classif
from sklearn.impute import SimpleImputer
from sklearn.metrics import mutual_info_score
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

warnings.simplefilter("ignore")
folder = sys.argv[1]
cancer = pd.read_csv(f"{folder}/breast_cancer.csv")
diabetes = pd.read_csv(f"{folder}/diabetes.csv")
P = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]


def profile(column):
    finite = column.to_numpy(dtype=float)
    return {
        "name": column.name,
        "mean": finite.mean(),
        "std": finite.std(ddof=1),
        "skew": st.skew(finite),
        "quantiles": np.quantile(finite, P).tolist(),
        "distinct": int(column.nunique()),
    }


def scaled(scaler, names):
    values = scaler.fit_transform(diabetes[names])
    return {"columns": names, "first": values[:5].tolist(), "sums": values.sum(axis=0).tolist(),
            "squares": (values**2).sum(axis=0).tolist()}


NAN = float("nan")
HOLES = [1.0, NAN, 2.0, 2.0, 7.0, NAN, 3.0, 3.0]


def imputed(strategy):
    filled = SimpleImputer(strategy=strategy).fit_transform(np.array(HOLES).reshape(-1, 1))
    return filled.ravel().tolist()


def binned(strategy, bins):
    name = "bmi"
    kind = {"quantile_method": "linear"} if strategy == "quantile" else {}
    model = KBinsDiscretizer(n_bins=bins, encode="ordinal", strategy=strategy, subsample=None, **kind)
    codes = model.fit_transform(diabetes[[name]]).ravel().astype(int)
    return {"column": name, "bins": bins, "edges": model.bin_edges_[0].tolist(),
            "counts": np.bincount(codes).tolist(), "first": codes[:20].tolist()}


def one_hot():
    fitted = [["red"], ["green"], ["blue"], ["green"]]
    asked = [["blue"], ["violet"], ["red"]]
    model = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(fitted)
    return {"fitted": [row[0] for row in fitted], "asked": [row[0] for row in asked],
            "names": model.get_feature_names_out(["colour"]).tolist(),
            "codes": model.transform(asked).astype(int).tolist()}


def bin_codes(column):
    """Ten bins of about equal count, as mutual information cuts numbers."""
    if column.nunique() <= 20:
        return column.astype("category").cat.codes.to_numpy()
    inner = np.quantile(column, np.arange(1, 10) / 10)
    return np.searchsorted(inner, column, side="right")


def scores():
    features = ["mean radius", "mean texture", "concavity error", "worst symmetry"]
    label = cancer["diagnosis"]
    f, f_p = f_classif(cancer[features], label)
    c, c_p = chi2(cancer[features], label)
    target = diabetes["progression"]
    numeric = ["bmi", "sex", "s5"]
    fisher = []
    for name in features:
        groups = [group.to_numpy() for _, group in cancer[name].groupby(label)]
        mean = cancer[name].mean()
        between = sum(len(g) * (g.mean() - mean) ** 2 for g in groups)
        within = sum(((g - g.mean()) ** 2).sum() for g in groups)
        fisher.append(between / within)
    table = pd.crosstab(diabetes["sex"], diabetes["s4"].round())
    independence = st.chi2_contingency(table, correction=False)

    def pairs(results):
        return [[r.statistic, r.pvalue] for r in results]

    return {
        "class_features": features,
        "anova_f": np.column_stack([f, f_p]).tolist(),
        "chi_squared": np.column_stack([c, c_p]).tolist(),
        "fisher": fisher,
        "mutual_information": [mutual_info_score(label, bin_codes(cancer[n])) for n in features],
        "numeric_features": numeric,
        "pearson": pairs([st.pearsonr(diabetes[n], target) for n in numeric]),
        "spearman": pairs([st.spearmanr(diabetes[n], target) for n in numeric]),
        "kendall": pairs([st.kendalltau(diabetes[n], target, method="asymptotic") for n in numeric]),
        "independence": [independence.statistic, independence.pvalue],
    }


def special():
    from scipy.special import betainc, gammaincc, gammaln
    gamma = [[a, x, gammaincc(a, x)] for a in (0.5, 1, 2.5, 10, 100) for x in (0.01, 0.5, 2, 9, 50, 120)]
    beta = [[a, b, x, betainc(a, b, x)] for a in (0.5, 1, 3, 50) for b in (0.5, 2, 30) for x in (0.01, 0.3, 0.7, 0.99)]
    ln = [[x, gammaln(x)] for x in (0.1, 0.5, 1, 1.5, 3, 10, 100.5, 1e4)]
    return {"gamma_upper": gamma, "beta": beta, "ln_gamma": ln}


names = ["age", "bmi", "s5", "sex"]
print(json.dumps({
    "profile": [profile(diabetes[name]) for name in diabetes.columns],
    "scale": {
        "z_score": scaled(StandardScaler(), names),
        "min_max": scaled(MinMaxScaler(), names),
        "robust": scaled(RobustScaler(), names),
    },
    "impute": {
        "holes": [None if np.isnan(v) else v for v in HOLES],
        "mean": imputed("mean"),
        "median": imputed("median"),
        "mode": imputed("most_frequent"),
    },
    "bin": {"equal_width": binned("uniform", 7), "quantile": binned("quantile", 5)},
    "one_hot": one_hot(),
    "scores": scores(),
    "special": special(),
}, indent=1))
