//! K-nearest neighbours.

mod search;

use crate::error::{Result, count, invalid};
use crate::estimator::{Distance, KNearestNeighbours, NeighbourWeight};
use crate::fitted::Summary;
use crate::matrix::Matrix;
use crate::tree::Labels;
use rayon::prelude::*;
use search::Searcher;
use serde::{Deserialize, Serialize};

/// The training rows and how to ask them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeighboursFit {
    pub neighbours: usize,
    pub weight: NeighbourWeight,
    pub distance: Distance,
    pub rows: Matrix,
    /// Numbers, or class codes.
    pub labels: Vec<f64>,
    /// Number of classes, 0 for numbers.
    pub classes: usize,
}

pub(crate) fn fit(params: &KNearestNeighbours, x: &Matrix, labels: Labels) -> Result<NeighboursFit> {
    if params.n_neighbours == 0 {
        return invalid("Predicting from 0 neighbours is not possible. Ask for at least 1.");
    }
    if params.n_neighbours > x.rows() {
        return invalid(format!(
            "There are only {} to learn from, but {} are asked for. Lower the number of neighbours.",
            count(x.rows(), "row"),
            count(params.n_neighbours, "neighbour")
        ));
    }
    let (labels, classes) = match labels {
        Labels::Real(y) => (y.to_vec(), 0),
        Labels::Classes { codes, classes } => (codes.iter().map(|&c| f64::from(c)).collect(), classes),
    };
    let KNearestNeighbours { n_neighbours: neighbours, weight, distance } = *params;
    Ok(NeighboursFit { neighbours, weight, distance, rows: x.clone(), labels, classes })
}

impl NeighboursFit {
    /// Numbers, or probabilities (rows x classes).
    pub(crate) fn predict(&self, x: &Matrix) -> Vec<f64> {
        let searcher = Searcher::new(&self.rows, self.distance, x.rows());
        let width = self.classes.max(1);
        let mut out = vec![0.0; x.rows() * width];
        out.par_chunks_mut(width).enumerate().for_each_init(Vec::new, |nearest, (row, out)| {
            searcher.nearest(&x.row(row), self.neighbours, nearest);
            self.combine(nearest, out);
        });
        out
    }

    /// The mean of the neighbours' numbers, or their shares of the vote.
    fn combine(&self, nearest: &[(f64, u32)], out: &mut [f64]) {
        let exact = nearest[0].0 == 0.0;
        let weight = |distance: f64| match self.weight {
            NeighbourWeight::Uniform => 1.0,
            NeighbourWeight::Distance if exact => f64::from(distance == 0.0),
            NeighbourWeight::Distance if self.distance == Distance::Euclidean => 1.0 / distance.sqrt(),
            NeighbourWeight::Distance => 1.0 / distance,
        };
        let mut total = 0.0;
        for &(distance, row) in nearest {
            let weight = weight(distance);
            let label = self.labels[row as usize];
            total += weight;
            if self.classes == 0 {
                out[0] += weight * label;
            } else {
                out[label as usize] += weight;
            }
        }
        out.iter_mut().for_each(|o| *o /= total);
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary::Neighbours { rows: self.rows.rows(), neighbours: self.neighbours }
    }
}
