//! The rows most alike decide.

use learn::Estimator;
use learn::estimator::{Distance, NeighbourWeight};

use super::{Algorithm, ESTIMATOR, count};
use crate::component::{Category, Choice, Default, Param, ParamKind, Params, Spec};

pub struct KNearestNeighbours;

static SPEC: Spec = Spec {
    id: "k_nearest_neighbours",
    version: 1,
    title: "k-nearest neighbours",
    category: Category::Learn,
    summary: "Predicts from the training rows that are most alike.",
    docs: "Predicts the mean or the majority of the training rows nearest to a row. Learns nothing but the rows \
        themselves, so training is instant and the model is as large as the table.\n\n\
        Distance only means something when features are on one scale: put Normalise before it. Text columns need \
        One-hot encode, missing cells Clean missing data. A weight column is ignored.",
    keywords: &["knn", "k-nn", "instance based", "classification", "regression", "neighbors"],
    inputs: &[],
    outputs: ESTIMATOR,
    params: &[
        Param::new(
            "neighbours",
            "Neighbours",
            ParamKind::Integer { min: 1, max: 100_000 },
            Default::Integer(5),
            "How many rows decide. More are smoother.",
        ),
        Param::new(
            "weights",
            "Weigh by",
            ParamKind::Choice(&[
                Choice { value: "uniform", title: "Nothing" },
                Choice { value: "distance", title: "Closeness" },
            ]),
            Default::Text("uniform"),
            "By closeness, a row counts one over its distance.",
        ),
        Param::new(
            "distance",
            "Distance",
            ParamKind::Choice(&[
                Choice { value: "euclidean", title: "Euclidean" },
                Choice { value: "manhattan", title: "Manhattan" },
            ]),
            Default::Text("euclidean"),
            "The straight line, or the sum over the features.",
        ),
    ],
    reusable: true,
};

impl Algorithm for KNearestNeighbours {
    fn declaration(&self) -> &'static Spec {
        &SPEC
    }

    fn summary(&self, params: &Params) -> String {
        let neighbours = params.integer("neighbours");
        let ending = if neighbours == 1 { "" } else { "s" };
        let weighed = if params.text("weights") == "distance" { " · by closeness" } else { "" };
        format!("{neighbours} neighbour{ending}{weighed}")
    }

    fn estimator(&self, params: &Params) -> Estimator {
        let near = params.text("weights") == "distance";
        let straight = params.text("distance") != "manhattan";
        Estimator::KNearestNeighbours(learn::estimator::KNearestNeighbours {
            n_neighbours: count(params, "neighbours"),
            weight: if near { NeighbourWeight::Distance } else { NeighbourWeight::Uniform },
            distance: if straight { Distance::Euclidean } else { Distance::Manhattan },
        })
    }
}
