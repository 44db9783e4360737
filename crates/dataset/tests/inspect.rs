//! What is found in samples that have something to be found.

use automcu_dataset::{Part, Samples, Values, inspect, montage, signals, synthetic};

fn with(samples: &Samples, values: Vec<u8>, labels: Vec<u16>) -> Samples {
    Samples::new(samples.shape(), Values::Bytes(values), labels, samples.names().to_vec()).expect("even")
}

fn bytes(samples: &Samples) -> Vec<u8> {
    let Values::Bytes(values) = samples.values() else { panic!("pictures") };
    values.clone()
}

/// A picture in another light.
fn lit(picture: &[u8]) -> Vec<u8> {
    picture.iter().enumerate().map(|(i, &byte)| (byte / 8 * 7).saturating_add(u8::from(i % 3 == 0)) + 9).collect()
}

#[test]
fn what_is_there_twice_is_found_within_and_between_the_parts() {
    let (train, test) = (synthetic(5, 0, 400), synthetic(5, 400, 100));
    let each = train.each();
    let picture = |i: usize| bytes(&train)[i * each..(i + 1) * each].to_vec();
    // Two copies to learn from, one of them with another label; one copy and one near copy to test.
    let labels = [train.labels(), &[train.labels()[3], (train.labels()[4] + 1) % 10]].concat();
    let train_twice = with(&train, [bytes(&train), picture(3), picture(4)].concat(), labels);
    let labels = [test.labels(), &[train.labels()[7], train.labels()[8]]].concat();
    let test_twice = with(&test, [bytes(&test), picture(7), lit(&picture(8))].concat(), labels);

    let found = inspect(&[(Part::Train, &train_twice), (Part::Test, &test_twice)]);
    let twins = &found.duplicates;
    assert_eq!((twins.within_train, twins.within_test, twins.between, twins.contradictory), (2, 0, 1, 1));
    assert_eq!((twins.pairs[0].first.sample, twins.pairs[0].second.sample), (4, 401));
    assert_eq!((twins.pairs[1].first.sample, twins.pairs[1].second.part), (7, Part::Test));
    let near = found.near_duplicates.as_ref().expect("many values");
    assert_eq!((near.within_train, near.between, near.contradictory, near.is_complete), (0, 1, 0, true), "{near:?}");
    assert_eq!((near.pairs[0].first.sample, near.pairs[0].second.sample), (8, 101));

    let none = inspect(&[(Part::Train, &train), (Part::Test, &test)]);
    assert_eq!(none.duplicates.pairs.len() + none.near_duplicates.expect("many values").pairs.len(), 0);
    assert!(none.classes.iter().all(|class| (class.train, class.test) == (40, 10)));
    assert!((100.0..155.0).contains(&none.parts[0].channels[2].mean), "{:?}", none.parts[0]);
}

#[test]
fn signals_that_are_nearly_equal_are_found_too() {
    let train = signals(5, 0, 500);
    let Values::Floats(values) = train.values() else { panic!("signals") };
    let near: Vec<f32> = values[..train.each()].iter().map(|value| value * 1.01 + 0.001).collect();
    let copy = Samples::new(train.shape(), Values::Floats(near), vec![5], train.names().to_vec()).expect("even");
    let found = inspect(&[(Part::Train, &train), (Part::Test, &copy)]).near_duplicates.expect("many values");
    assert_eq!((found.between, found.contradictory, found.pairs.len()), (1, 1, 1), "{found:?}");
}

#[test]
fn a_label_that_no_neighbour_has_is_doubted() {
    let shape = automcu_model::Shape::vector(4);
    let value = |i: usize| f32::from(u8::try_from(i * 37 % 101).expect("small")) / 400.0;
    let values: Vec<f32> = (0..200).flat_map(|i| (0..4).map(move |k| value(4 * i + k) + [0.0, 9.0][i % 2])).collect();
    let mut labels: Vec<u16> = (0..200).map(|i| i % 2).collect();
    labels[60] = 1;
    let names = ["low", "high"].map(String::from).to_vec();
    let samples = Samples::new(shape, Values::Floats(values.clone()), labels, names.clone()).expect("even");
    let found = inspect(&[(Part::Train, &samples)]);
    // Of four values it is not said whether they are alike.
    assert_eq!(found.near_duplicates, None);
    let hints = found.label_hints.expect("enough samples");
    assert!(hints.is_telling && hints.agreement > 0.99 && hints.looked_at == 200, "{hints:?}");
    assert_eq!((hints.doubtful, hints.samples[0].place.sample, hints.samples[0].neighbours), (1, 60, 0));

    // Where labels are drawn by lot, neighbours have nothing to say.
    let lot = (0..200).map(|i: u16| i * i % 7 % 2).collect();
    let samples = Samples::new(shape, Values::Floats(values), lot, names).expect("even");
    let hints = inspect(&[(Part::Train, &samples)]).label_hints.expect("enough samples");
    assert!(!hints.is_telling && hints.samples.is_empty(), "{hints:?}");
}

#[test]
fn groups_in_both_parts_are_counted() {
    let group = |first: u64, groups: Vec<u32>| signals(1, first, groups.len()).grouped(groups).expect("one each");
    let (train, test) = (group(0, vec![1, 1, 2]), group(3, vec![2, 3]));
    let groups = inspect(&[(Part::Train, &train), (Part::Test, &test)]).groups.expect("grouped");
    assert_eq!((groups.train, groups.test, groups.both), (2, 2, 1));
}

#[test]
fn a_montage_has_a_row_for_each_class() {
    let picture = montage(&synthetic(1, 0, 200));
    assert_eq!((picture.height, picture.width), (10 * 34 + 2, 16 * 34 + 2));
    let file = picture.to_png();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    reader.next_frame(&mut pixels).expect("a PNG");
    assert_eq!(pixels, picture.pixels);
    assert_eq!(montage(&signals(1, 0, 16)).width, 16 * 130 + 2);
}
