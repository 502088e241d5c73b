//! Groups of rows around centres.

use learn::Estimator;

use super::{Algorithm, ESTIMATOR, count, counted};
use crate::component::{Category, Default, Param, ParamKind, Params, Spec};

pub struct KMeans;

static SPEC: Spec = Spec {
    id: "k_means",
    version: 1,
    title: "k-means",
    category: Category::Learn,
    summary: "Groups the rows into clusters around centres.",
    docs: "Finds centres such that each row is near one (Lloyd's algorithm, started by greedy k-means++). Needs no \
        label: leave Train model's label empty. Score model then adds each row's cluster and its distance to the \
        centre; Evaluate model shows how well the clusters are apart.\n\n\
        Distance only means something when features are on one scale: put Normalise before it.",
    keywords: &["clustering", "segmentation", "unsupervised", "groups", "centroids"],
    inputs: &[],
    outputs: ESTIMATOR,
    params: &[
        Param::new(
            "clusters",
            "Clusters",
            ParamKind::Integer { min: 1, max: 10_000 },
            Default::Integer(8),
            "How many groups to find.",
        ),
        Param::new(
            "starts",
            "Starts",
            ParamKind::Integer { min: 1, max: 1000 },
            Default::Integer(1),
            "Begins this often from other centres and keeps the best.",
        ),
        Param::new(
            "max_iterations",
            "Iterations at most",
            ParamKind::Integer { min: 1, max: 1_000_000 },
            Default::Integer(300),
            "Moves of the centres before giving up.",
        )
        .advanced(),
    ],
    reusable: true,
};

impl Algorithm for KMeans {
    fn declaration(&self) -> &'static Spec {
        &SPEC
    }

    fn summary(&self, params: &Params) -> String {
        let clusters = counted(params.integer("clusters"), "cluster");
        match params.integer("starts") {
            1 => clusters,
            starts => format!("{clusters} · best of {starts} starts"),
        }
    }

    fn estimator(&self, params: &Params) -> Estimator {
        Estimator::KMeans(learn::estimator::KMeans {
            n_clusters: count(params, "clusters"),
            n_init: count(params, "starts"),
            max_iterations: count(params, "max_iterations"),
            ..std::default::Default::default()
        })
    }
}
