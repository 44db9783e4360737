//! Reports of every generation, whole and damaged.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use automcu_model::Bytes;
use proptest::prelude::*;

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/vendor")
}

/// What a reading says, in one line; `-` is what it does not.
fn told(reading: &Reading) -> String {
    let word = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let bytes = |bytes: Option<Bytes>| number(bytes.map(|bytes| bytes.0));
    let Reading { types, layers, .. } = reading;
    let of_layers = layers.iter().map(|layer| layer.macs.unwrap_or(0)).sum::<u64>();
    format!(
        "{:?} of {}: {} {} for {}, {} {} to {}; macs {}, {} layers {of_layers} {}; weights {}, activations {}, io {}, \
         buffers {}; runtime {} {}, total {} {}",
        reading.source,
        reading.tool.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
        word(&reading.model),
        reading.signature.as_deref().map_or("-", |signature| &signature[..4]),
        word(&reading.target),
        word(&types.format),
        types.inputs.join(" "),
        types.outputs.join(" "),
        number(reading.macs),
        layers.len(),
        reading.operators.join(" "),
        bytes(reading.weights_bytes),
        bytes(reading.activations_bytes),
        bytes(reading.io_bytes),
        bytes(reading.buffers_bytes),
        bytes(reading.runtime_flash_bytes),
        bytes(reading.runtime_ram_bytes),
        bytes(reading.total_flash_bytes),
        bytes(reading.total_ram_bytes),
    )
}

/// Reads each file of a folder, and compares.
fn check(folder: &Path, expected: &[(&str, &str)]) {
    for (name, line) in expected {
        let file = fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let reading = read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(told(&reading), *line, "{name}");
    }
}

const NOTHING: &str = "macs -, 0 layers 0 ; weights -, activations -, io -, buffers -; runtime - -, total - -";

#[test]
fn reports_of_every_generation_are_read() {
    let gesture = "gesture 0011 for -, - float32 to float32; macs 461, 4 layers 461 Dense Nonlinearity; weights 1612, \
                   activations 64, io 108";
    let leaf = "leaf aabb for";
    check(
        &folder(),
        &[
            (
                "cubeai-4.0-analyze.txt",
                &format!("ReportText of STM32Cube.AI 4.0.0: {gesture}, buffers -; runtime - -, total - -"),
            ),
            (
                "cubeai-5.0-analyze.txt",
                &format!("ReportText of STM32Cube.AI 5.0.0: {gesture}, buffers 172; runtime - -, total - -"),
            ),
            (
                "cubeai-5.0-validate-FAIL.txt",
                &format!("ReportText of STM32Cube.AI 5.0.0: {gesture}, buffers 172; runtime - -, total - -"),
            ),
            (
                "cubeai-7.1-generate.txt",
                &format!(
                    "ReportText of STM32Cube.AI 7.1.0-RC3: {leaf} -, - uint8 to uint8; macs 21060, 3 layers 21060 \
                     optimized_conv2d dense nl; weights 1140, activations 3204, io 1028, buffers 4232; runtime - -, total - -"
                ),
            ),
            (
                "cubeai-7.1-report.json",
                &format!(
                    "ReportJson of STM32Cube.AI 7.1.0-RC3: {leaf} stm32f4, - uint8 to uint8; macs 21060, 3 layers 21060 \
                     Conv2D Dense Nonlinearity; weights 1140, activations 3204, io 1028, buffers -; runtime - -, total - -"
                ),
            ),
            (
                "cubeai-7.0-FAIL-report.json",
                &format!("ReportJson of STM32Cube.AI 7.0.0: leaf - for -, -  to ; {NOTHING}"),
            ),
            (
                "cubeai-8.0-generate.txt",
                "ReportText of STM32Cube.AI 8.0.0-19389: chime 0123 for stm32u5, ss/sa per-channel int8 to float32; macs \
                 52302, 3 layers 52302 conv2d dense nl; weights 1252, activations 2212, io 0, buffers 2212; runtime 11890 \
                 1468, total 13146 3680",
            ),
            (
                "edgeai-1.0-analyze.txt",
                "ReportText of ST Edge AI Core 1.0.0-19899: digits fedc for stm32h7, ss/sa per channel int8 to int8; macs \
                 6762, 2 layers 6762 Dense; weights 6888, activations 1000, io 0, buffers 1000; runtime - -, total - -",
            ),
            (
                "edgeai-1.0-c_info.json",
                "InfoJson of ST Edge AI Core 1.0.0-19899: digits fedc for stm32h7, - int8 to int8; macs 6762, 2 layers \
                 6762 Dense; weights 6888, activations 1000, io 0, buffers -; runtime - -, total - -",
            ),
            (
                "edgeai-1.0-report.json",
                "ReportJson of ST Edge AI Core 1.0.0-19899: digits fedc for stm32h7, - int8 to int8; macs 6762, 2 layers \
                 6762 Gemm; weights 6888, activations 1000, io 0, buffers -; runtime - -, total - -",
            ),
            (
                "edgeai-2.2-analyze.txt",
                "ReportText of ST Edge AI Core 2.2.0-20266 2adc00962: pump 00ff for stm32f4, ss/sa per channel int8 to \
                 int8; macs 6762, 2 layers 6762 Dense; weights 6888, activations 1000, io 0, buffers 1000; runtime 11952 \
                 1788, total 18840 2788",
            ),
            (
                "edgeai-2.2-c_info.json",
                "InfoJson of ST Edge AI Core 2.2.0-20266 2adc00962: pump 00ff for stm32f4, - int8 to int8; macs 6762, 2 \
                 layers 6762 Dense; weights 6888, activations 1000, io 0, buffers -; runtime 11952 1788, total - -",
            ),
            (
                "edgeai-2.2-analyze-npu.txt",
                "ReportText of ST Edge AI Core 2.2.0-20266 2adc00962: crane - for stm32n6npu, -  to ; macs 15368, 3 layers \
                 15368 QUANT CONV_2D PAD; weights 312, activations 2048, io 0, buffers -; runtime 16091 1709, total 16403 3757",
            ),
            (
                "edgeai-4.0-analyze-stdout.log",
                "Stdout of ST Edge AI Core 4.0.0-20500 359356bb0: valve 0f0f for stm32n6, ss/sa per channel int8 to int8; \
                 macs 6762, 2 layers 6762 Transpose Conv2D; weights 6888, activations 1000, io 0, buffers 1000; runtime - -, \
                 total - -",
            ),
            (
                "edgeai-4.0-c_info.json",
                "InfoJson of ST Edge AI Core 4.0.0-20500 359356bb0: valve 0f0f for stm32n6, - int8 to float32; macs 6762, 2 \
                 layers 6762 Transpose Conv2D; weights 6888, activations 1000, io 0, buffers -; runtime - -, total - -",
            ),
        ],
    );
}

#[test]
fn a_run_that_failed_says_why() {
    let unsupported = FailureKind::Unsupported { what: "Mean".to_owned() };
    for (name, kind, words) in [
        ("cubeai-5.0-validate-FAIL.txt", FailureKind::Bench, "LOAD ERROR: STM32 - no connected board(s)"),
        ("cubeai-7.0-FAIL-report.json", unsupported, "NOT IMPLEMENTED: Unsupported operator type: Mean"),
        ("edgeai-2.2-FAIL-ir-version.log", FailureKind::BadModel, "INTERNAL ERROR: Your model ir_version 10"),
        ("edgeai-4.0-FAIL-flags.log", FailureKind::WrongFlags, "stedgeai analyze: error: unrecognized arguments"),
        ("edgeai-4.0-FAIL-model.log", FailureKind::BadModel, "E010(InvalidModelError): Could not load valve.onnx"),
    ] {
        let reading = read(&fs::read(folder().join(name)).expect("a fixture")).expect(name);
        let failure = reading.failure.expect(name);
        assert_eq!(failure.kind, kind, "{name}");
        assert!(failure.message.starts_with(words), "{name}: {}", failure.message);
    }
    let text = "AI tools v5.2.0\nExec/report summary (analyze err=-1)\n----\n";
    let failure = read(text.as_bytes()).expect("a report").failure.expect("it failed");
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Unknown, "error -1, with no word why"));
}

#[test]
fn what_is_no_report_is_refused_with_the_place() {
    let whole = fs::read_to_string(folder().join("edgeai-2.2-analyze.txt")).expect("a fixture");
    let info = fs::read_to_string(folder().join("edgeai-2.2-c_info.json")).expect("a fixture");
    let until = |end: &str| whole[..whole.find(end).expect("it is there")].to_owned();
    for (file, expected) in [
        (String::new(), "no line names the tool"),
        ("# Notes\n".to_owned(), "no line names the tool"),
        ("{}".to_owned(), "neither `json_schema_version` nor `report_version`"),
        (info[..info.len() / 2].to_owned(), "no whole JSON: EOF while parsing"),
        (info.replace("\"2.0\"", "\"3.0\""), "json_schema_version: \"3.0\" is not known"),
        (info.replace("6888", "\"6888\""), "memory_footprint.weights: \"\\\"6888\\\"\" is no whole number"),
        (info.replace("6336", "-1"), "graphs[0].nodes[0].macc: \"-1\" is no whole number"),
        (info.replace("memory_footprint", "footprint"), "memory_footprint is missing"),
        (until("Exec/report"), "line 3: the text ends within what comes before the figures"),
        (until("weights (ro)"), "line 5: the text ends within the summary"),
        (until("scores (Gemm"), "line 31: the text ends within a table"),
        (until("Complexity report"), "line 46: the text ends within the description of the code"),
        (until("1       3      scores (Dense)"), "line 48: the text ends within a table"),
        (until("  TOTAL            18,840"), "line 63: the text ends within a table"),
        (
            whole.replace("weights (ro)       :   6,888 B", "weights (ro)       :   6,88 B"),
            "line 23: weights (ro): \"6,88 B",
        ),
        (whole.replace("= 1,000 + 0 + 0", "= 1,000 + 0 + 4"), "line 25: ram (total): \"1,000 B"),
        (format!("{whole}{whole}"), "a second run begins"),
    ] {
        let error = read(file.as_bytes()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{expected:?} in\n{error}");
    }
    assert_eq!(read(&vec![b' '; LONGEST + 1]), Err(ReportError::TooLong));
}

/// What the compiler of a neural accelerator tells beside the figures.
#[test]
fn pools_and_steps_of_an_accelerator_are_read() {
    let file = fs::read(folder().join("edgeai-2.2-analyze-npu.txt")).expect("a fixture");
    let reading = read(&file).expect("a report");
    let told: Vec<_> = reading
        .pools
        .iter()
        .map(|pool| (pool.name.as_str(), pool.used_bytes, pool.size_bytes, pool.place, pool.holds.as_slice()))
        .collect();
    let (inside, outside) = (Some(Place::Internal), Some(Place::External));
    assert_eq!(
        told,
        [
            ("npuRAM4", Some(Bytes(2_048)), Some(Bytes::kib(448)), inside, &[Held::Activations][..]),
            ("npuRAM5", Some(Bytes(0)), Some(Bytes::kib(448)), inside, &[]),
            // Laid at multiples of 16 bytes: the weights themselves are 312.
            ("octoFlash", Some(Bytes(320)), Some(Bytes::kib(112 << 10)), outside, &[Held::Weights]),
        ]
    );
    assert_eq!(reading.steps, Some(Steps { all: 2, software: 1, hardware: Some(1), controlled: Some(0) }));
    // Where the processor computes all of it there is one pool, and nothing to tell.
    let info = fs::read(folder().join("edgeai-4.0-c_info.json")).expect("a fixture");
    let reading = read(&info).expect("a report");
    assert_eq!(reading.steps, None);
    assert!(reading.pools.iter().all(|pool| pool.place.is_none()), "{:?}", reading.pools);
}

#[test]
fn unknown_is_never_zero() {
    let info = fs::read_to_string(folder().join("edgeai-4.0-c_info.json")).expect("a fixture");
    let reading = read(info.as_bytes()).expect("a report");
    assert_eq!((reading.runtime_flash_bytes, reading.runtime_ram_bytes), (None, None), "nothing was linked");
    let reading = read(info.replace("\"macc\": 426", "\"macc\": null").as_bytes()).expect("a report");
    assert_eq!((reading.macs, reading.layers[1].macs), (None, None), "a sum of unknowns is unknown");
    let text = fs::read_to_string(folder().join("edgeai-2.2-analyze-npu.txt")).expect("a fixture");
    let summary = "Exec/report summary (analyze)\n---\ntype : \nmacc : 0\nweights (ro) : 0 B (0 B)\nactivations (rw) : 0 B (0 B)\n\
                   ram (total) : 0 B (0 B) = 0 + 0 + 0\n---\nModel name -";
    let reading = read(text.replacen("Model name -", summary, 1).as_bytes()).expect("a report");
    assert_eq!((reading.macs, reading.buffers_bytes), (None, None), "an accelerator's summary says 0 of everything");
    assert_eq!((reading.weights_bytes, reading.activations_bytes), (Some(Bytes(312)), Some(Bytes(2_048))));
}

#[test]
fn real_reports_say_what_a_person_reads_off_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vendor-cli");
    if !folder.is_dir() {
        // The runner shows this with the test's output; a test has no other way to say that it was skipped.
        let _ = writeln!(std::io::stderr(), "skipped: there are no real reports beside the checkout");
        return;
    }
    let mut seen: Vec<String> = fs::read_dir(&folder)
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("text"))
        .filter(|name| !name.ends_with(".md"))
        .collect();
    seen.sort();
    let mut expected: Vec<&str> = REAL.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    assert_eq!(seen, expected, "each real report has its line");
    check(&folder, REAL);
}

/// The figures of each real report, as a person reads them off.
const REAL: &[(&str, &str)] = &[
    (
        "v5.0.0_analyze_har_rnn.txt",
        "ReportText of STM32Cube.AI 5.0.0: best_acc_model_RNN_fold1_09042020_221243 fc8f for -, - float32 to float32; macs \
         597465, 8 layers 597465 ScaleBias LSTM Dense Nonlinearity; weights 93180, activations 1696, io 1468, buffers 3164; \
         runtime - -, total - -",
    ),
    (
        "v5.0.0_validate_FAIL_no_board.txt",
        "ReportText of STM32Cube.AI 5.0.0: best_acc_model_RNN_fold1_09042020_221243 fc8f for -, - float32 to float32; macs \
         597465, 8 layers 597465 ScaleBias LSTM Dense Nonlinearity; weights 93180, activations 1696, io 1468, buffers 3164; \
         runtime - -, total - -",
    ),
    (
        "v7.1.0_generate_mobilenetv2_person_f4.txt",
        "ReportText of STM32Cube.AI 7.1.0-RC3: mobv2_128x128x3 465e for -, - uint8 to uint8; macs 19095976, 67 layers \
         19095976 conv conv2d eltwise_integer optimized_conv2d dense nl; weights 412776, activations 201824, io 49154, \
         buffers 250978; runtime - -, total - -",
    ),
    (
        "v8.0.0_generate_yamnet_u5.txt",
        "ReportText of STM32Cube.AI 8.0.0-19389: yamnet_256_64x96_int8 0b3a for stm32u5, ss/sa per-channel int8 to float32; \
         macs 23927852, 21 layers 23927852 transpose conv2d pad pool dense converter nl; weights 138136, activations 112196, \
         io 0, buffers 112196; runtime 50690 7668, total 188826 119864",
    ),
    (
        "stedgeai1.0.0_analyze_mnist_qdq_h7.txt",
        "ReportText of ST Edge AI Core 1.0.0-19899: mnist_model2_PerChannel_quant_random_1 a5ac for stm32h7, ss/sa per channel \
         int8 to int8; macs 109386, 3 layers 109386 Dense; weights 109992, activations 3760, io 0, buffers 3760; runtime 9408 \
         1756, total 119400 5516",
    ),
    (
        "stedgeai1.0.0_analyze_mnist_qdq_h7_c_info.json",
        "InfoJson of ST Edge AI Core 1.0.0-19899: mnist_model2_PerChannel_quant_random_1 a5ac for stm32h7, - int8 to int8; \
         macs 109386, 3 layers 109386 Dense; weights 109992, activations 3760, io 0, buffers -; runtime 9408 1756, total - -",
    ),
    (
        "stedgeai1.0.0_analyze_mnist_qdq_h7_report.json",
        "ReportJson of ST Edge AI Core 1.0.0-19899: mnist_model2_PerChannel_quant_random_1 a5ac for stm32h7, - int8 to int8; \
         macs 109386, 3 layers 109386 Gemm; weights 109992, activations 3760, io 0, buffers -; runtime - -, total - -",
    ),
    (
        "stedgeai2.2.0_analyze_FAIL_ir_version_capture.log",
        "Stdout of ST Edge AI Core 2.2.0-20266 2adc00962: - - for -, -  to ; macs -, 0 layers 0 ; weights -, activations -, io \
         -, buffers -; runtime - -, total - -",
    ),
    (
        "stedgeai2.2.0_analyze_blazeface_n6npu.txt",
        "ReportText of ST Edge AI Core 2.2.0-20266 2adc00962: blazeface_front_128_quant_pc_ff_od_wider_face - for stm32n6npu, \
         -  to ; macs 32092044, 93 layers 32092044 QUANTIZE CONV_2D DEPTHWISE_CONV_2D ADD PAD MAX_POOL_2D RESHAPE DEQUANTIZE; \
         weights 166225, activations 540672, io 0, buffers -; runtime 122685 1709, total 288910 542381",
    ),
    (
        "stedgeai2.2.0_can_ids_int8_c_info.json",
        "InfoJson of ST Edge AI Core 2.2.0-20266 2adc00962: can_ids_model b11d for stm32f4, - int8 to int8; macs 3088, 4 layers \
         3088 Dense Nonlinearity; weights 3316, activations 740, io 0, buffers -; runtime 13934 1948, total - -",
    ),
    (
        "stedgeai2.2.0_generate_can_ids_int8_f4.txt",
        "ReportText of ST Edge AI Core 2.2.0-20266 2adc00962: can_ids_model b11d for stm32f4, ss/sa per channel int8 to int8; \
         macs 3088, 4 layers 3088 Dense Nonlinearity; weights 3316, activations 740, io 0, buffers 740; runtime 13934 1948, \
         total 17254 2688",
    ),
    (
        "stedgeai4.0.0_analyze_STDOUT_tcn_int8_n6.txt",
        "Stdout of ST Edge AI Core 4.0.0-20500 359356bb0: model_npu_int8 e3db for stm32n6, sa/sa per tensor int8 to int8; macs \
         15657686, 7 layers 15657686 Transpose Pad Conv2D; weights 492504, activations 23936, io 0, buffers 23936; runtime - -, \
         total - -",
    ),
    (
        "stedgeai4.0.0_generate_tcn_int8_n6_c_info.json",
        "InfoJson of ST Edge AI Core 4.0.0-20500 359356bb0: model_npu_int8 e3db for stm32n6, - int8 to int8; macs 15657686, 7 \
         layers 15657686 Transpose Pad Conv2D; weights 492504, activations 23936, io 0, buffers -; runtime - -, total - -",
    ),
];

fn fixtures() -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).expect("readable").map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension != "md"));
    files.sort();
    files.iter().map(|file| fs::read(file).expect("readable")).collect()
}

fn figures(reading: &Reading) -> [Option<u64>; 9] {
    let bytes = [
        reading.weights_bytes,
        reading.activations_bytes,
        reading.io_bytes,
        reading.buffers_bytes,
        reading.runtime_ram_bytes,
        reading.runtime_flash_bytes,
        reading.total_ram_bytes,
        reading.total_flash_bytes,
    ];
    std::array::from_fn(|i| if i == 0 { reading.macs } else { bytes[i - 1].map(|bytes| bytes.0) })
}

fn any_fixture() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(fixtures())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_cut_anywhere_says_nothing_else(file in any_fixture(), cut in any::<prop::sample::Index>()) {
        let whole = read(&file).expect("a fixture");
        let Ok(reading) = read(&file[..cut.index(file.len())]) else { return Ok(()) };
        for (part, whole) in figures(&reading).into_iter().zip(figures(&whole)) {
            prop_assert!(part.is_none() || part == whole, "{part:?} of {whole:?}");
        }
        prop_assert!(reading.layers.is_empty() || reading.layers == whole.layers);
    }

    #[test]
    fn a_damaged_report_is_read_or_refused(
        file in any_fixture(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..40_usize), 1..12),
    ) {
        let mut file = file;
        for (place, byte, removed) in places {
            let at = place.index(file.len().max(1)).min(file.len());
            let end = (at + removed).min(file.len());
            file.splice(at..end, [byte]);
        }
        // Either answer is fine; a panic is not.
        let _ = read(&file);
    }

    #[test]
    fn anything_is_read_or_refused(file in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&file);
    }

    #[test]
    fn progress_and_carriage_returns_change_nothing(
        file in any_fixture(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
    ) {
        prop_assume!(file.first() != Some(&b'{'));
        let text = String::from_utf8(file).expect("text");
        let mut lines: Vec<String> = text.lines().skip(5).map(|line| format!("{line}\r\n")).collect();
        for place in places {
            let at = place.index(lines.len().max(1)).min(lines.len());
            lines.insert(at, "\u{1b}[2KPASS:  11%|█         | 18/171 [00:00<00:02, 61.35it/s]\r     \r\n".to_owned());
        }
        let head: String = text.lines().take(5).map(|line| format!("{line}\n")).collect();
        let noisy = head + &lines.concat();
        prop_assert_eq!(read(noisy.as_bytes()), read(text.as_bytes()));
    }
}
