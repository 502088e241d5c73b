//! Correlations of values and of ranks.

/// Pearson's r of paired values; `None` when one side is constant or there are
/// fewer than two pairs.
pub(super) fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    if pairs.len() < 2 {
        return None;
    }
    let mean_x = pairs.iter().map(|pair| pair.0).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|pair| pair.1).sum::<f64>() / n;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    let r = xy / (xx.sqrt() * yy.sqrt());
    r.is_finite().then_some(r.clamp(-1.0, 1.0))
}

/// Spearman's ρ: Pearson's r of average ranks.
pub(super) fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let x = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let y = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    pearson(&x.into_iter().zip(y).collect::<Vec<_>>())
}

/// Ranks from 1; equal values share their average.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&left, &right| values[left].total_cmp(&values[right]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for run in order.chunk_by(|&left, &right| values[left] == values[right]) {
        let rank = start as f64 + (run.len() as f64 + 1.0) / 2.0;
        run.iter().for_each(|&at| ranks[at] = rank);
        start += run.len();
    }
    ranks
}

/// Kendall's τ-b and the z of its normal approximation, by Knight's method (1966)
/// in n log n.
pub(super) fn kendall(pairs: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = pairs.len() as f64;
    let mut sorted = pairs.to_vec();
    sorted.sort_unstable_by(|l, r| l.0.total_cmp(&r.0).then(l.1.total_cmp(&r.1)));
    let ties_x = Ties::of(sorted.chunk_by(|l, r| l.0 == r.0).map(<[_]>::len));
    let ties_both = Ties::of(sorted.chunk_by(|l, r| l == r).map(<[_]>::len));
    let mut y: Vec<f64> = sorted.iter().map(|pair| pair.1).collect();
    let discordant = exchanges(&mut y);
    let ties_y = Ties::of(y.chunk_by(|l, r| l == r).map(<[_]>::len));
    let all = n * (n - 1.0) / 2.0;
    let difference = all - ties_x.pairs - ties_y.pairs + ties_both.pairs - 2.0 * discordant;
    let scale = ((all - ties_x.pairs) * (all - ties_y.pairs)).sqrt();
    let tau = difference / scale;
    if !tau.is_finite() {
        return None;
    }
    // The variance with ties, as in Kendall, Rank Correlation Methods (1970).
    let m = n * (n - 1.0);
    let variance = (m * (2.0 * n + 5.0) - ties_x.cubic - ties_y.cubic) / 18.0
        + 2.0 * ties_x.pairs * ties_y.pairs / m
        + ties_x.triples * ties_y.triples / (9.0 * m * (n - 2.0)).max(f64::MIN_POSITIVE);
    Some((tau.clamp(-1.0, 1.0), difference / variance.sqrt()))
}

/// Sums over groups of equal values.
struct Ties {
    pairs: f64,
    triples: f64,
    cubic: f64,
}

impl Ties {
    fn of(groups: impl Iterator<Item = usize>) -> Self {
        let mut ties = Self { pairs: 0.0, triples: 0.0, cubic: 0.0 };
        for size in groups {
            let size = size as f64;
            ties.pairs += size * (size - 1.0) / 2.0;
            ties.triples += size * (size - 1.0) * (size - 2.0);
            ties.cubic += size * (size - 1.0) * (2.0 * size + 5.0);
        }
        ties
    }
}

/// Sorts and counts the exchanges a bubble sort would need.
fn exchanges(values: &mut [f64]) -> f64 {
    let mut buffer = values.to_vec();
    let mut count = 0.0;
    let mut width = 1;
    while width < values.len() {
        for start in (0..values.len()).step_by(2 * width) {
            let middle = (start + width).min(values.len());
            let end = (start + 2 * width).min(values.len());
            let (mut left, mut right) = (start, middle);
            for slot in &mut buffer[start..end] {
                if right >= end || (left < middle && values[left] <= values[right]) {
                    *slot = values[left];
                    left += 1;
                } else {
                    *slot = values[right];
                    count += (middle - left) as f64;
                    right += 1;
                }
            }
        }
        values.copy_from_slice(&buffer);
        width *= 2;
    }
    count
}
