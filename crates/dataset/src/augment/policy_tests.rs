//! Operations held against Pillow 13.0.0.

use super::*;
use automcu_model::Shape;

fn canvas(channels: u32) -> Canvas {
    let mut canvas = Canvas::new(Shape { height: 20, width: 16, channels });
    let mut value = 1_u32;
    for pixel in &mut canvas.pixels {
        value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Away from the ends, so that there is something to stretch.
        *pixel = 40 + value.to_le_bytes()[3] / 2;
    }
    canvas
}

#[test]
fn an_operation_of_no_strength_changes_nothing() {
    for channels in [1, 3] {
        for operation in RAND {
            if matches!(operation, AutoContrast | Equalize) {
                continue; // They have no strength.
            }
            for sign in [1.0, -1.0] {
                let mut canvas = canvas(channels);
                let before = canvas.pixels.clone();
                canvas.apply(operation, 0.0, sign);
                assert!(canvas.pixels == before, "{operation:?} on {channels} channels");
            }
        }
    }
}

#[test]
fn every_operation_changes_a_picture_and_colour_only_one_with_colours() {
    for channels in [1, 3] {
        for operation in RAND.into_iter().chain([Invert]).filter(|&operation| operation != Identity) {
            let mut canvas = canvas(channels);
            let before = canvas.pixels.clone();
            canvas.apply(operation, 0.8, -1.0);
            let stays = (channels, operation) == (1, Colour);
            assert_eq!(canvas.pixels == before, stays, "{operation:?} on {channels} channels");
        }
    }
}

#[test]
fn operations_do_what_the_imaging_library_does() {
    let done = |operation, strength, pixels: [u8; 9]| {
        let mut canvas = Canvas::new(Shape { height: 3, width: 1, channels: 3 });
        canvas.pixels.copy_from_slice(&pixels);
        canvas.apply(operation, strength, 1.0);
        canvas.pixels
    };
    let pixels = [10, 200, 30, 40, 50, 60, 255, 0, 128];
    assert_eq!(done(Invert, 0.0, pixels), [245, 55, 225, 215, 205, 195, 0, 255, 127]);
    assert_eq!(done(Posterize, 1.0, pixels), [0, 192, 16, 32, 48, 48, 240, 0, 128]);
    assert_eq!(done(Solarize, 0.5, pixels), [10, 55, 30, 40, 50, 60, 0, 0, 127]);
    assert_eq!(done(Brightness, 1.0, pixels), [19, 255, 57, 76, 95, 114, 255, 0, 243]);
    assert_eq!(done(AutoContrast, 0.0, pixels), [0, 254, 0, 31, 63, 78, 255, 0, 255]);
}

/// What Pillow makes of the same pictures: operation, channels, strength, sign, and the FNV-1a hash of the bytes. Moves are
/// affine maps of the nearest pixels, as AutoAugment's authors call them.
const PILLOW: &[(Operation, u32, f64, f64, u64)] = &[
    (ShearX, 3, 0.7, 1.0, 0x95a7e908d302aa0e),
    (ShearY, 3, 0.7, 1.0, 0xbf2814257ad7a020),
    (TranslateX, 3, 0.7, 1.0, 0xe4e98c65386eb52d),
    (TranslateY, 3, 0.7, 1.0, 0x8e2279c66d072b2b),
    (Rotate, 3, 0.7, 1.0, 0xac57f8c066b5449e),
    (Brightness, 3, 0.7, 1.0, 0xc63c75021a18da02),
    (Colour, 3, 0.7, 1.0, 0x529eba5b0990f5fe),
    (Contrast, 3, 0.7, 1.0, 0xde4ee662d2b82d6c),
    (Sharpness, 3, 0.7, 1.0, 0xdb1e06d7f56d833d),
    (Posterize, 3, 0.7, 1.0, 0x73bb70a31638f00d),
    (Solarize, 3, 0.7, 1.0, 0xdf0d3c556855de54),
    (AutoContrast, 3, 0.7, 1.0, 0x179ff949e39a1c7b),
    (Equalize, 3, 0.7, 1.0, 0x06ab5767241bfc27),
    (Invert, 3, 0.7, 1.0, 0xfd9a473daccb4e7f),
    (ShearX, 3, 0.4, -1.0, 0xe8ae6083ccdcaa81),
    (ShearY, 3, 0.4, -1.0, 0x1a53835ce05be94d),
    (TranslateX, 3, 0.4, -1.0, 0x4c245a5909619b75),
    (TranslateY, 3, 0.4, -1.0, 0xdb9d7be0fa875822),
    (Rotate, 3, 0.4, -1.0, 0xefdf5a60acf4cb0b),
    (Brightness, 3, 0.4, -1.0, 0x3529f04f78e8255a),
    (Colour, 3, 0.4, -1.0, 0x3ec71745328c6fe8),
    (Contrast, 3, 0.4, -1.0, 0xf9158b90c39f3abd),
    (Sharpness, 3, 0.4, -1.0, 0xb2140849ca479543),
    (Posterize, 3, 0.4, -1.0, 0xdd5f2eb4faa65b9d),
    (Solarize, 3, 0.4, -1.0, 0xa534c552ac330494),
    (AutoContrast, 3, 0.4, -1.0, 0x179ff949e39a1c7b),
    (Equalize, 3, 0.4, -1.0, 0x06ab5767241bfc27),
    (Invert, 3, 0.4, -1.0, 0xfd9a473daccb4e7f),
    (ShearX, 1, 0.7, 1.0, 0x32f6579f690985e7),
    (ShearY, 1, 0.7, 1.0, 0x57d66212c99a220b),
    (TranslateX, 1, 0.7, 1.0, 0x3708feeda7b02074),
    (TranslateY, 1, 0.7, 1.0, 0xc28cc94a9a76f441),
    (Rotate, 1, 0.7, 1.0, 0xc130fd3f7b74af3b),
    (Brightness, 1, 0.7, 1.0, 0x12c48b59764f4595),
    (Colour, 1, 0.7, 1.0, 0x3077dfd96d99a04a),
    (Contrast, 1, 0.7, 1.0, 0x5ca6343a4e4b61f7),
    (Sharpness, 1, 0.7, 1.0, 0xdecd9f0b6bb44c43),
    (Posterize, 1, 0.7, 1.0, 0x50ecb532b2cf216d),
    (Solarize, 1, 0.7, 1.0, 0xc176182758ec0896),
    (AutoContrast, 1, 0.7, 1.0, 0x65f1a42f504607b2),
    (Equalize, 1, 0.7, 1.0, 0xde6e7ba1643bec2b),
    (Invert, 1, 0.7, 1.0, 0x50910eab01699482),
    (ShearX, 1, 0.4, -1.0, 0xb1c112ef2eb1a36b),
    (ShearY, 1, 0.4, -1.0, 0x6fa3cef12f6e634e),
    (TranslateX, 1, 0.4, -1.0, 0xc05eaafca2723c56),
    (TranslateY, 1, 0.4, -1.0, 0xfe162223c9fbf722),
    (Rotate, 1, 0.4, -1.0, 0x188c855668d90d7d),
    (Brightness, 1, 0.4, -1.0, 0xefab0c53d3dacf0e),
    (Colour, 1, 0.4, -1.0, 0x3077dfd96d99a04a),
    (Contrast, 1, 0.4, -1.0, 0x80e378d8105793bc),
    (Sharpness, 1, 0.4, -1.0, 0xc78f28828cc7d6b0),
    (Posterize, 1, 0.4, -1.0, 0x8c36437c6e61c639),
    (Solarize, 1, 0.4, -1.0, 0xd2c65bbe63fe6688),
    (AutoContrast, 1, 0.4, -1.0, 0x65f1a42f504607b2),
    (Equalize, 1, 0.4, -1.0, 0xde6e7ba1643bec2b),
    (Invert, 1, 0.4, -1.0, 0x50910eab01699482),
];

#[test]
fn operations_give_the_imaging_library_s_bytes() {
    let hash = |bytes: &[u8]| {
        let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
    };
    let differs = |&&(operation, channels, strength, sign, wanted): &&(Operation, u32, f64, f64, u64)| {
        let mut canvas = canvas(channels);
        canvas.apply(operation, strength, sign);
        hash(&canvas.pixels) != wanted
    };
    let different: Vec<_> = PILLOW.iter().filter(differs).collect();
    assert!(different.is_empty(), "{different:?}");
}
