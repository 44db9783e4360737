//! A built-in set of images: ten kinds of figures, drawn from a seed at random places, in random sizes, turns and colours, on
//! a noisy ground. It needs no download, and it cannot be learnt from single pixels.

use automcu_model::Shape;

use crate::{Samples, Values, numbers::Numbers};

/// What the classes are.
pub const SYNTHETIC_CLASSES: [&str; 10] =
    ["disc", "ring", "square", "frame", "triangle", "cross", "bar", "two bars", "two discs", "half disc"];

const SIDE: u16 = 32;

/// Images of the ten kinds, as many of each as can be, the same for a seed every time. Image `first + i` is the same
/// whatever `first` and `count` are, so that parts of one seed never overlap.
#[must_use]
pub fn synthetic(seed: u64, first: u64, count: usize) -> Samples {
    let shape = Shape { height: SIDE.into(), width: SIDE.into(), channels: 3 };
    let mut values = Vec::with_capacity(count * 3 * usize::from(SIDE) * usize::from(SIDE));
    let mut labels = Vec::with_capacity(count);
    for image in (first..).take(count) {
        let class = u16::try_from(image % 10).expect("ten classes");
        labels.push(class);
        draw(class, &mut Numbers::of(seed, image), &mut values);
    }
    let names = SYNTHETIC_CLASSES.map(String::from).to_vec();
    Samples::new(shape, Values::Bytes(values), labels, names).expect("a picture for each label")
}

fn draw(class: u16, numbers: &mut Numbers, values: &mut Vec<u8>) {
    let radius = numbers.between(6.0, 11.0);
    let room = f32::from(SIDE) - radius;
    let (centre_x, centre_y) = (numbers.between(radius, room), numbers.between(radius, room));
    let (sin, cos) = numbers.between(0.0, std::f32::consts::TAU).sin_cos();
    let ground: [f32; 3] = std::array::from_fn(|_| numbers.between(20.0, 235.0));
    // Brighter or darker by as much, so that brightness tells nothing.
    let colour = ground.map(|ground| {
        let contrast = numbers.between(50.0, 120.0);
        if numbers.share() < 0.5 { (ground - contrast).max(0.0) } else { (ground + contrast).min(255.0) }
    });
    let (slope_x, slope_y) = (numbers.between(-1.0, 1.0), numbers.between(-1.0, 1.0));
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (x, y) = (f32::from(x), f32::from(y));
            let (u, v) = ((x - centre_x) / radius, (y - centre_y) / radius);
            let is_inside = figure(class, u * cos + v * sin, v * cos - u * sin);
            for channel in 0..3 {
                let base = if is_inside { colour[channel] } else { ground[channel] };
                let value = base + slope_x * (x - 16.0) + slope_y * (y - 16.0) + numbers.between(-18.0, 18.0);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
                values.push(value.clamp(0.0, 255.0) as u8);
            }
        }
    }
}

/// Whether a place belongs to a figure that fills the circle of radius 1.
fn figure(class: u16, u: f32, v: f32) -> bool {
    let radius = u.hypot(v);
    let largest = u.abs().max(v.abs());
    match class {
        0 => radius < 0.8,
        1 => (0.55..1.0).contains(&radius),
        2 => largest < 0.7,
        3 => (0.45..0.8).contains(&largest),
        4 => v > -0.5 && v < 1.0 - 1.73 * u.abs(),
        5 => radius < 1.0 && (u.abs() < 0.25 || v.abs() < 0.25),
        6 => u.abs() < 0.3 && v.abs() < 1.0,
        7 => v.abs() < 0.9 && (0.3..0.65).contains(&u.abs()),
        8 => (u.abs() - 0.55).hypot(v) < 0.42,
        _ => radius < 0.95 && v > 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_the_same_every_time_and_none_is_another() {
        let all = synthetic(7, 0, 200);
        let part = synthetic(7, 50, 20);
        assert_eq!(all.subset(&(50..70).collect::<Vec<_>>()), part);
        let distinct: std::collections::BTreeSet<&[u8]> = all.bytes().expect("pictures").collect();
        assert_eq!(distinct.len(), 200);
        assert_ne!(synthetic(8, 0, 1), synthetic(7, 0, 1));
        assert!((0..10).all(|class| all.labels().iter().filter(|label| **label == class).count() == 20));
    }
}
