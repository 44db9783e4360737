//! Least squares with coefficients that are not negative, for few of them.

/// A pivot below this share of the largest entry means that two columns say the same.
const SINGULAR: f64 = 1e-12;

/// The coefficients, none below 0, at which the weighted squares of `rows * coefficients - 1` come out smallest. Every
/// choice of columns is tried, so there may be few: the best one has all its coefficients above 0.
pub(super) fn shares(rows: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    let dot = |i: usize, j: usize| rows.iter().zip(weights).map(|(row, weight)| weight * row[i] * row[j]).sum::<f64>();
    let products: Vec<Vec<f64>> = (0..columns).map(|i| (0..columns).map(|j| dot(i, j)).collect()).collect();
    let sums: Vec<f64> =
        (0..columns).map(|i| rows.iter().zip(weights).map(|(row, weight)| weight * row[i]).sum()).collect();
    let mut best = (0.0, vec![0.0; columns]);
    for choice in 1_u32..1 << columns {
        let chosen: Vec<usize> = (0..columns).filter(|column| choice >> column & 1 == 1).collect();
        let Some(solution) = solved(&products, &sums, &chosen) else { continue };
        // At the solution the squares are those of all ones less this.
        let gain: f64 = chosen.iter().zip(&solution).map(|(column, value)| value * sums[*column]).sum();
        if solution.iter().all(|value| *value >= 0.0) && gain > best.0 {
            let mut all = vec![0.0; columns];
            chosen.iter().zip(&solution).for_each(|(column, value)| all[*column] = *value);
            best = (gain, all);
        }
    }
    best.1
}

/// The solution of the chosen equations by elimination, if there is one.
fn solved(products: &[Vec<f64>], sums: &[f64], chosen: &[usize]) -> Option<Vec<f64>> {
    let equation = |i: &usize| chosen.iter().map(|j| products[*i][*j]).chain([sums[*i]]).collect();
    let mut equations: Vec<Vec<f64>> = chosen.iter().map(equation).collect();
    let size = chosen.len();
    let scale = equations.iter().flatten().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    for column in 0..size {
        let pivot =
            (column..size).max_by(|a, b| equations[*a][column].abs().total_cmp(&equations[*b][column].abs()))?;
        equations.swap(column, pivot);
        if equations[column][column].abs() <= SINGULAR * scale {
            return None;
        }
        let lead = equations[column].clone();
        for (_, row) in equations.iter_mut().enumerate().filter(|(row, _)| *row != column) {
            let factor = row[column] / lead[column];
            row.iter_mut().zip(&lead).for_each(|(value, above)| *value -= factor * above);
        }
    }
    Some((0..size).map(|i| equations[i][size] / equations[i][i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_rows_were_made_of_is_recovered() {
        let rows: Vec<Vec<f64>> = [[1.0, 2.0, 5.0], [3.0, 1.0, 1.0], [2.0, 7.0, 4.0], [6.0, 1.0, 2.0]]
            .iter()
            .map(|row| {
                let value: f64 = row.iter().zip([0.5, 0.0, 3.0]).map(|(amount, each)| amount * each).sum();
                row.iter().map(|amount| amount / value).collect()
            })
            .collect();
        let found = shares(&rows, &[1.0, 2.0, 0.5, 1.0]);
        for (found, put_in) in found.iter().zip([0.5, 0.0, 3.0]) {
            assert!((found - put_in).abs() < 1e-9, "{found} for {put_in}");
        }
    }

    #[test]
    fn no_coefficient_is_negative_and_columns_that_say_the_same_are_no_trouble() {
        let found = shares(&[vec![1.0, 3.0], vec![1.0, 1.0], vec![1.0, 2.5]], &[1.0; 3]);
        assert!(found.iter().all(|value| *value >= 0.0), "{found:?}");
        let found = shares(&[vec![2.0, 4.0], vec![2.0, 4.0]], &[1.0; 2]);
        assert!((found[0] * 2.0 + found[1] * 4.0 - 1.0).abs() < 1e-9, "{found:?}");
        assert_eq!(shares(&[], &[]), [0.0; 0]);
    }
}
