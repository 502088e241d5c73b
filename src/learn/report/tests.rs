use super::*;
use crate::matrix::{Matrix, Target};
use crate::metrics::binary::{Counts as Outcomes, roc_auc};
use crate::{Prediction, metrics};
use proptest::prelude::*;

fn binary_report(truth: &[bool], probability: &[f64]) -> Report {
    binary(&Binary {
        truth,
        probability,
        weights: None,
        positive: "sick",
        negative: "well",
        decision: Decision::Threshold(0.5),
    })
}

#[test]
fn nothing_predicted_positive_is_zero_with_a_note() {
    let report = binary_report(&[true, false, false], &[0.2, 0.1, 0.3]);
    let precision = report.metrics.iter().find(|m| m.key == "precision").unwrap();
    assert_eq!(precision.value, Some(0.0));
    assert_eq!(precision.note.as_deref(), Some("0, because no row is predicted positive"));
    assert!(report.notes[0].contains("\"sick\" is the positive class"));
}

#[test]
fn one_class_has_no_roc_auc_and_says_why() {
    let report = binary_report(&[true, true], &[0.2, 0.9]);
    let auc = report.metrics.iter().find(|m| m.key == "roc_auc").unwrap();
    assert_eq!((auc.value, auc.note.is_some()), (None, true));
    assert!(serde_json::to_string(&report).is_ok());
}

#[test]
fn binary_charts_hold_what_they_say() {
    let truth = [false, false, true, true];
    let report = binary_report(&truth, &[0.1, 0.4, 0.35, 0.8]);
    let Some(Chart::Curve { series, reference, .. }) = report.chart("roc") else { panic!() };
    assert_eq!(series[0].points, [[0.0, 0.0], [0.0, 0.5], [0.5, 0.5], [0.5, 1.0], [1.0, 1.0]]);
    assert_eq!((*reference, series[0].note.as_deref()), (Reference::Diagonal, Some("AUC 0.750")));
    let Some(Chart::Confusion { labels, counts, .. }) = report.chart("confusion") else { panic!() };
    assert_eq!(
        (&labels[..], &counts[..]),
        (&["well".to_owned(), "sick".into()][..], &[vec![2.0, 0.0], vec![1.0, 1.0]][..])
    );
    let Some(Chart::Histogram { edges, series, .. }) = report.chart("scores") else { panic!() };
    assert_eq!(edges.len(), 21);
    assert_eq!(series.iter().map(|s| s.counts.iter().sum::<f64>()).collect::<Vec<_>>(), [2.0, 2.0]);
    let Some(Chart::Curve { series, .. }) = report.chart("thresholds") else { panic!() };
    let recall = &series[1].points;
    assert_eq!((recall[0], recall[36], recall[81]), ([0.0, 1.0], [0.36, 0.5], [0.81, 0.0]));
    let Some(Chart::Curve { series, .. }) = report.chart("gain") else { panic!() };
    assert_eq!((series[0].points[0], series[0].points.last()), ([0.0, 0.0], Some(&[1.0, 1.0])));
    let Some(Chart::Curve { series, .. }) = report.chart("calibration") else { panic!() };
    assert_eq!(series[0].points, [[0.1, 0.0], [0.35, 1.0], [0.4, 0.0], [0.8, 1.0]]);
    let mut ids: Vec<&str> = report.charts.iter().map(Chart::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), report.charts.len(), "ids are unique");
}

#[test]
fn large_charts_are_thinned_with_a_note() {
    let truth: Vec<f64> = (0..5000).map(f64::from).collect();
    let report = regression(&truth, &truth, None);
    let Some(Chart::Scatter { x, note, .. }) = report.chart("predicted_actual") else { panic!() };
    assert_eq!((x.len(), note.as_deref()), (SCATTER_POINTS, Some("2000 of 5000 rows, evenly spaced")));
    let Some(Chart::Histogram { series, .. }) = report.chart("residual_histogram") else { panic!() };
    assert_eq!(series[0].counts.iter().sum::<f64>(), 5000.0, "equal residuals have a bin too");
    let classes: Vec<bool> = (0..20_000).map(|i| i * 7919 % 3 == 0).collect();
    let scores: Vec<f64> = (0..20_000).map(|i| f64::from(i * 104_729 % 20_000) / 20_000.0).collect();
    let report = binary_report(&classes, &scores);
    for chart in &report.charts {
        let Chart::Curve { series, .. } = chart else {
            continue;
        };
        assert!(series.iter().all(|s| s.points.len() <= CURVE_POINTS), "{}", chart.id());
    }
}

#[test]
fn missing_predictions_survive_json() {
    let report = regression(&[1.0, 2.0, 3.0], &[1.0, f64::NAN, f64::INFINITY], None);
    assert!(report.value("mean_absolute_error").is_none());
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::to_string(&serde_json::from_str::<Report>(&json).unwrap()).unwrap(), json);
    assert!(json.contains("\"NaN\"") && json.contains("\"Infinity\""));
}

#[test]
fn large_clusterings_sample_the_silhouette() {
    let rows = SILHOUETTE_ROWS_AND_SOME;
    let x = Matrix::new(rows, 1, (0..rows).map(|r| (r % 2) as f64 * 10.0 + (r % 5) as f64 * 0.1).collect()).unwrap();
    let codes: Vec<u32> = (0..rows as u32).map(|r| r % 2).collect();
    let report = clustering(&Clustering { x: &x, codes: &codes, distances: None, weights: None, truth: Some(&codes) });
    assert!(report.notes[0].contains("4000 of 5001 rows"), "{:?}", report.notes);
    assert!(report.value("silhouette").unwrap() > 0.9);
    assert_eq!(report.value("adjusted_rand"), Some(1.0));
    let one = clustering(&Clustering { x: &x, codes: &vec![0; rows], distances: None, weights: None, truth: None });
    assert_eq!(one.value("davies_bouldin"), None);
}

const SILHOUETTE_ROWS_AND_SOME: usize = 5001;

#[test]
fn evaluation_takes_the_report_that_fits() {
    let classes = Target::Classes { codes: vec![0, 1, 1], classes: vec!["a".into(), "b".into()] };
    let prediction = Prediction::Classes { codes: vec![0, 1, 0], probabilities: vec![0.9, 0.1, 0.2, 0.8, 0.6, 0.4] };
    let report = evaluate(&classes, &prediction, &Options::default()).unwrap();
    assert_eq!((report.task, report.value("recall")), (Task::Binary, Some(0.5)));
    let other = Options { positive: Some(0), ..Options::default() };
    assert_eq!(evaluate(&classes, &prediction, &other).unwrap().value("recall"), Some(1.0));
    let low = Options { threshold: Some(0.4), ..Options::default() };
    assert_eq!(evaluate(&classes, &prediction, &low).unwrap().value("recall"), Some(1.0));
    let text = |target: &Target, prediction: &Prediction| {
        evaluate(target, prediction, &Options::default()).unwrap_err().to_string()
    };
    assert!(text(&Target::Real(vec![1.0; 3]), &prediction).contains("different kinds"));
    assert!(text(&Target::Real(vec![1.0; 2]), &prediction).contains("3 predictions for 2 true values"));
    assert!(text(&Target::Real(vec![]), &Prediction::Real(vec![])).contains("no rows"));
}

proptest! {
    /// ROC AUC is the share of pairs in the right order, ties counting half.
    #[test]
    fn roc_auc_counts_pairs(rows in proptest::collection::vec((any::<bool>(), 0u8..6), 2..40)) {
        let truth: Vec<bool> = rows.iter().map(|r| r.0).collect();
        let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.1)).collect();
        let (mut right, mut pairs) = (0.0, 0.0);
        for (i, j) in (0..rows.len()).flat_map(|i| (0..rows.len()).map(move |j| (i, j))) {
            if truth[i] && !truth[j] {
                pairs += 1.0;
                right += if scores[i] > scores[j] { 1.0 } else if scores[i] == scores[j] { 0.5 } else { 0.0 };
            }
        }
        let auc = roc_auc(&truth, &scores, None);
        let as_counted = if pairs == 0.0 { auc.is_nan() } else { (auc - right / pairs).abs() < 1e-12 };
        prop_assert!(as_counted);
    }

    /// Two classes by the binary formulas are two classes by the multi-class ones.
    #[test]
    fn binary_and_multiclass_agree(rows in proptest::collection::vec((any::<bool>(), any::<bool>()), 1..40)) {
        let (truth, predicted): (Vec<bool>, Vec<bool>) = rows.into_iter().unzip();
        let counts = Outcomes::new(&truth, &predicted, None);
        let codes = |v: &[bool]| v.iter().map(|b| u32::from(*b)).collect::<Vec<_>>();
        let confusion = metrics::multiclass::confusion(&codes(&truth), &codes(&predicted), 2, None);
        prop_assert_eq!(&confusion, &counts.matrix());
        let positive = metrics::multiclass::per_class(&confusion)[1];
        prop_assert_eq!((positive.precision, positive.recall), (counts.precision(), counts.recall()));
        prop_assert!((positive.f1 - counts.f1()).abs() < 1e-12);
        prop_assert_eq!(metrics::multiclass::accuracy(&confusion), counts.accuracy());
        let balanced = metrics::multiclass::balanced_accuracy(&confusion);
        prop_assert!((balanced - counts.balanced_accuracy()).abs() < 1e-12);
    }
}
