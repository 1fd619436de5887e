//! Choosing by weight.

use fastrand::Rng;

/// One of `choices`, each as often as its weight says.
pub(super) fn pick<T: Copy>(rng: &mut Rng, choices: &[(u32, T)]) -> T {
    let sum: u32 = choices.iter().map(|(weight, _)| weight).sum();
    let mut left = rng.u32(..sum);
    for (weight, choice) in choices {
        match left.checked_sub(*weight) {
            Some(rest) => left = rest,
            None => return *choice,
        }
    }
    unreachable!("the number drawn is under the sum of the weights")
}
