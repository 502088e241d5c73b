//! The numbers that estimators learn from.

use crate::error::{Result, count, invalid};
use serde::{Deserialize, Serialize};

/// A dense table of `f64`, stored column by column; NaN is a missing cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    /// `rows * columns` values; the cell of row `r`, column `c` is at `c * rows + r`.
    values: Vec<f64>,
}

impl Matrix {
    /// From values laid out column by column, `rows * columns` of them.
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Result<Self> {
        if values.len() != rows * columns {
            return invalid(format!(
                "A matrix of {rows} x {columns} needs {} values, but {} were given.",
                rows * columns,
                values.len()
            ));
        }
        Ok(Self { rows, columns, values })
    }

    pub fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }

    /// From columns of equal length.
    pub fn from_columns(columns: &[Vec<f64>]) -> Result<Self> {
        let rows = columns.first().map_or(0, Vec::len);
        if let Some(at) = columns.iter().position(|column| column.len() != rows) {
            return invalid(format!(
                "Column {at} has {}, but the first has {rows}.",
                count(columns[at].len(), "value")
            ));
        }
        Ok(Self { rows, columns: columns.len(), values: columns.concat() })
    }

    /// From rows of equal length.
    pub fn from_rows(rows: &[Vec<f64>]) -> Result<Self> {
        let columns = rows.first().map_or(0, Vec::len);
        if let Some(at) = rows.iter().position(|row| row.len() != columns) {
            return invalid(format!("Row {at} has {}, but the first has {columns}.", count(rows[at].len(), "value")));
        }
        let mut matrix = Self::zeros(rows.len(), columns);
        for (r, row) in rows.iter().enumerate() {
            for (c, value) in row.iter().enumerate() {
                matrix.values[c * rows.len() + r] = *value;
            }
        }
        Ok(matrix)
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.values[column * self.rows + row]
    }

    pub fn column(&self, column: usize) -> &[f64] {
        &self.values[column * self.rows..(column + 1) * self.rows]
    }

    pub fn column_mut(&mut self, column: usize) -> &mut [f64] {
        &mut self.values[column * self.rows..(column + 1) * self.rows]
    }

    /// All values, column by column.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values of a row, copied.
    pub fn row(&self, row: usize) -> Vec<f64> {
        (0..self.columns).map(|c| self.get(row, c)).collect()
    }

    /// Whether there are as many values as cells; a matrix from a file is not trusted without it.
    pub(crate) fn is_sound(&self) -> bool {
        self.rows.checked_mul(self.columns) == Some(self.values.len())
    }

    /// Copies rows `start..end` row by row into `out` (`(end - start) * columns` values).
    pub(crate) fn copy_rows(&self, start: usize, end: usize, out: &mut Vec<f64>) {
        out.clear();
        out.resize((end - start) * self.columns, 0.0);
        for c in 0..self.columns {
            let column = &self.column(c)[start..end];
            for (r, value) in column.iter().enumerate() {
                out[r * self.columns + c] = *value;
            }
        }
    }

    /// The rows of the given indices, in their order; an index may repeat.
    pub fn take(&self, rows: &[usize]) -> Self {
        let mut values = Vec::with_capacity(rows.len() * self.columns);
        for c in 0..self.columns {
            let column = self.column(c);
            values.extend(rows.iter().map(|&r| column[r]));
        }
        Self { rows: rows.len(), columns: self.columns, values }
    }

    /// How many cells are NaN, and how many columns have one.
    pub fn missing(&self) -> (usize, usize) {
        (0..self.columns).fold((0, 0), |(cells, columns), c| {
            let n = self.column(c).iter().filter(|v| v.is_nan()).count();
            (cells + n, columns + usize::from(n > 0))
        })
    }

    /// How many cells are infinite.
    pub fn infinite(&self) -> usize {
        self.values.iter().filter(|v| v.is_infinite()).count()
    }
}

/// What is to be predicted: numbers, or one of several classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Target {
    Real(Vec<f64>),
    /// `codes[i]` is row `i`'s index into `classes`; a class may have no row.
    Classes {
        codes: Vec<u32>,
        classes: Vec<String>,
    },
}

impl Target {
    /// Classes from their names, sorted by name.
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Self {
        let mut classes: Vec<String> = names.iter().map(|n| n.as_ref().to_owned()).collect();
        classes.sort();
        classes.dedup();
        let code = |name: &S| classes.binary_search_by(|c| c.as_str().cmp(name.as_ref())).unwrap_or(0) as u32;
        let codes = names.iter().map(code).collect();
        Self::Classes { codes, classes }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Real(values) => values.len(),
            Self::Classes { codes, .. } => codes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The targets of several tables of one label, one after the other.
    pub(crate) fn concatenate(parts: Vec<Self>) -> Self {
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or(Self::Real(Vec::new()));
        for part in parts {
            match (&mut all, part) {
                (Self::Real(values), Self::Real(more)) => values.extend(more),
                (Self::Classes { codes, .. }, Self::Classes { codes: more, .. }) => codes.extend(more),
                // One label is of one kind.
                _ => {}
            }
        }
        all
    }

    /// The rows of the given indices; the list of classes stays whole.
    pub fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Real(values) => Self::Real(rows.iter().map(|&r| values[r]).collect()),
            Self::Classes { codes, classes } => {
                Self::Classes { codes: rows.iter().map(|&r| codes[r]).collect(), classes: classes.clone() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_agree() {
        let matrix = Matrix::from_rows(&[vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]]).unwrap();
        assert_eq!(matrix, Matrix::from_columns(&[vec![1.0, 4.0], vec![2.0, 5.0], vec![3.0, 6.0]]).unwrap());
        assert_eq!(matrix.row(1), [4.0, 5.0, 6.0]);
        assert_eq!(matrix.take(&[1, 1, 0]).column(0), [4.0, 4.0, 1.0]);
        let mut block = Vec::new();
        matrix.copy_rows(1, 2, &mut block);
        assert_eq!(block, [4.0, 5.0, 6.0]);
    }

    #[test]
    fn ragged_input_is_refused_with_a_sentence() {
        let error = Matrix::from_rows(&[vec![1.0], vec![1.0, 2.0]]).unwrap_err();
        assert_eq!(error.to_string(), "Row 1 has 2 values, but the first has 1.");
        assert!(Matrix::new(2, 2, vec![0.0; 3]).is_err());
        assert!(Matrix::from_columns(&[vec![1.0], vec![]]).is_err());
    }

    #[test]
    fn missing_cells_are_counted() {
        let matrix = Matrix::from_rows(&[vec![f64::NAN, 1.0], vec![f64::NAN, f64::INFINITY]]).unwrap();
        assert_eq!(matrix.missing(), (2, 1));
        assert_eq!(matrix.infinite(), 1);
    }

    #[test]
    fn names_become_sorted_classes() {
        let target = Target::from_names(&["b", "a", "b"]);
        assert_eq!(target, Target::Classes { codes: vec![1, 0, 1], classes: vec!["a".into(), "b".into()] });
    }
}
