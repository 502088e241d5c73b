use super::*;
use crate::metrics::multiclass;
use crate::report::{
    Binary, Clustering, Multiclass, Report, binary, clustering, multiclass as report_multiclass, regression,
};

/// Every golden metric is in the report and within 1e-12 of its size, or undefined in both.
#[track_caller]
fn check(report: &Report, golden: &Value, which: &str) {
    for (key, theirs) in golden.as_object().unwrap() {
        let metric = report.metrics.iter().find(|m| m.key == *key).unwrap_or_else(|| panic!("no {key}"));
        match (metric.value, theirs.as_f64()) {
            (Some(a), Some(b)) => {
                // scikit-learn's distances between centres lose half of their digits.
                let band = if key == "davies_bouldin" { 1e-7 } else { 1e-12 };
                assert!((a - b).abs() <= band * b.abs().max(1.0), "{which}, {key}: {a} is not {b}");
            }
            (ours, theirs) => assert_eq!(ours, theirs, "{which}, {key}"),
        }
    }
    let json = serde_json::to_string(report).unwrap();
    let back: Report = serde_json::from_str(&json).unwrap();
    // Not the values themselves, as NaN is unlike itself.
    assert_eq!(serde_json::to_string(&back).unwrap(), json, "{which}");
}

#[test]
fn regression_metrics() {
    for (i, case) in golden("metrics")["regression"].as_array().unwrap().iter().enumerate() {
        let weights = maybe_numbers(&case["weights"]);
        let report = regression(&numbers(&case["truth"]), &numbers(&case["predicted"]), weights.as_deref());
        check(&report, &case["metrics"], &format!("case {i}"));
    }
}

#[test]
fn binary_metrics() {
    for (i, case) in golden("metrics")["binary"].as_array().unwrap().iter().enumerate() {
        let weights = maybe_numbers(&case["weights"]);
        let truth: Vec<bool> = codes(&case["truth"]).iter().map(|c| *c == 1).collect();
        let report = binary(&Binary {
            truth: &truth,
            probability: &numbers(&case["probability"]),
            weights: weights.as_deref(),
            positive: "yes",
            negative: "no",
            decision: crate::report::Decision::Threshold(case["threshold"].as_f64().unwrap()),
        });
        check(&report, &case["metrics"], &format!("case {i}"));
    }
}

#[test]
fn multiclass_metrics() {
    for (i, case) in golden("metrics")["multiclass"].as_array().unwrap().iter().enumerate() {
        let weights = maybe_numbers(&case["weights"]);
        let (truth, probabilities) = (codes(&case["truth"]), numbers(&case["probabilities"]));
        let k = case["classes"].as_u64().unwrap() as usize;
        let first_largest = |row: &[f64]| (0..k).fold(0, |best, c| if row[c] > row[best] { c } else { best }) as u32;
        let predicted: Vec<u32> = probabilities.chunks_exact(k).map(first_largest).collect();
        let classes: Vec<String> = (0..k).map(|c| c.to_string()).collect();
        let input = Multiclass {
            truth: &truth,
            predicted: &predicted,
            probabilities: &probabilities,
            classes: &classes,
            weights: weights.as_deref(),
        };
        let report = report_multiclass(&input);
        let mut expected = case["metrics"].clone();
        if expected["roc_auc_macro"].is_null() {
            // scikit-learn refuses when a class has no rows; here it is left out and noted.
            expected.as_object_mut().unwrap().remove("roc_auc_macro");
            assert!(report.notes.iter().any(|n| n.contains("ROC AUC")), "{:?}", report.notes);
        }
        check(&report, &expected, &format!("case {i}"));
        let confusion = multiclass::confusion(&truth, &predicted, k, weights.as_deref());
        for (ours, theirs) in multiclass::per_class(&confusion).iter().zip(case["per_class"].as_array().unwrap()) {
            close("per class", &[ours.precision, ours.recall, ours.f1, ours.support], &numbers(theirs), 1e-12);
        }
    }
}

#[test]
fn clustering_metrics() {
    for (i, case) in golden("metrics")["clustering"].as_array().unwrap().iter().enumerate() {
        let rows: Vec<Vec<f64>> = case["x"].as_array().unwrap().iter().map(numbers).collect();
        let report = clustering(&Clustering {
            x: &Matrix::from_rows(&rows).unwrap(),
            codes: &codes(&case["codes"]),
            distances: None,
            weights: None,
            truth: Some(&codes(&case["truth"])),
        });
        check(&report, &case["metrics"], &format!("case {i}"));
    }
}

#[test]
fn folds() {
    use crate::validate::{Folds, Scheme};
    let file = golden("folds");
    let classes = codes(&file["codes"]);
    let rows = classes.len();
    let groups = codes(&file["groups"]);
    let target = Target::Classes { codes: classes, classes: ["a", "b", "c"].map(str::to_owned).to_vec() };
    for (scheme, key, folds) in
        [(Scheme::KFold, "k_fold", 5), (Scheme::Stratified, "stratified", 4), (Scheme::Group, "group", 4)]
    {
        let made = Folds { scheme, folds, ..Folds::default() }.split(rows, Some(&target), Some(&groups), None).unwrap();
        let mut ours: Vec<Vec<usize>> = made.into_iter().map(|f| f.test).collect();
        let mut theirs: Vec<Vec<usize>> = file[key].as_array().unwrap().iter().map(indices).collect();
        if scheme == Scheme::Group {
            // Of equally large groups either may come first.
            let sizes = |folds: &[Vec<usize>]| {
                let mut sizes: Vec<usize> = folds.iter().map(Vec::len).collect();
                sizes.sort_unstable();
                sizes
            };
            assert_eq!(sizes(&ours), sizes(&theirs));
            continue;
        }
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{key}");
    }
    let series = Folds { scheme: Scheme::TimeSeries, folds: 4, ..Folds::default() };
    for (ours, theirs) in
        series.split(rows, None, None, None).unwrap().iter().zip(file["time_series"].as_array().unwrap())
    {
        assert_eq!((&ours.train, &ours.test), (&indices(&theirs["train"]), &indices(&theirs["test"])));
    }
}
