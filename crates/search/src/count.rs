//! How many there are: whole numbers of any size.

use std::fmt;

/// A limb holds nine decimal digits.
const LIMB: u64 = 1_000_000_000;

/// A whole number of any size, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count(Vec<u32>);

impl Count {
    pub(crate) fn zero() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn one() -> Self {
        Self(vec![1])
    }

    /// So many times.
    pub(crate) fn times(self, factor: usize) -> Self {
        self.by(&Self::from(factor as u64))
    }

    pub(crate) fn by(&self, other: &Self) -> Self {
        let mut limbs = vec![0_u64; self.0.len() + other.0.len()];
        for (i, &one) in self.0.iter().enumerate() {
            for (j, &other) in other.0.iter().enumerate() {
                // Both are below a billion, so that what is carried has room.
                let sum = limbs[i + j] + u64::from(one) * u64::from(other);
                limbs[i + j] = sum % LIMB;
                limbs[i + j + 1] += sum / LIMB;
            }
        }
        Self::carried(limbs)
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        let limb = |limbs: &[u32], at: usize| limbs.get(at).copied().map_or(0, u64::from);
        Self::carried((0..=self.0.len().max(other.0.len())).map(|at| limb(&self.0, at) + limb(&other.0, at)))
    }

    fn carried(limbs: impl IntoIterator<Item = u64>) -> Self {
        let (mut all, mut carry) = (Vec::new(), 0);
        for limb in limbs {
            let sum = limb + carry;
            all.push(u32::try_from(sum % LIMB).unwrap_or(u32::MAX));
            carry = sum / LIMB;
        }
        while carry > 0 {
            all.push(u32::try_from(carry % LIMB).unwrap_or(u32::MAX));
            carry /= LIMB;
        }
        while all.last() == Some(&0) {
            all.pop();
        }
        Self(all)
    }

    /// About how many powers of ten.
    #[must_use]
    pub fn log10(&self) -> f64 {
        let digits = self.to_string();
        let (head, tail) = digits.split_at(digits.len().min(15));
        #[expect(clippy::cast_precision_loss, reason = "some hundred digits")]
        head.parse::<f64>().map_or(0.0, |head| head.max(1.0).log10() + tail.len() as f64)
    }
}

impl From<u64> for Count {
    fn from(number: u64) -> Self {
        Self::carried([number])
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((most, rest)) = self.0.split_last() else { return f.write_str("0") };
        write!(f, "{most}")?;
        rest.iter().rev().try_for_each(|limb| write!(f, "{limb:09}"))
    }
}

impl serde::Serialize for Count {
    /// As digits in a text: readers of JSON hold 53 bits.
    fn serialize<S: serde::Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_however_large() {
        let factorial = (1..=30_usize).fold(Count::one(), Count::times);
        assert_eq!(factorial.to_string(), "265252859812191058636308480000000");
        assert!((factorial.log10() - 32.4237).abs() < 1e-3, "{}", factorial.log10());
        let nines = Count::from(999_999_999_999_999_999);
        assert_eq!(nines.plus(&Count::one()).to_string(), "1000000000000000000");
        assert_eq!(nines.by(&nines).to_string(), "999999999999999998000000000000000001");
        assert_eq!(Count::zero().to_string(), "0");
        assert_eq!(Count::from(7).times(0), Count::zero());
    }
}
