//! What is no constructible candidate is refused by path, kind, problem and remedy.

use automcu_model::{RefusalKind, Refusals, Spec, limits};
use serde_json::{Value, json};

fn with_backbone(backbone: Value) -> Value {
    json!({
        "version": 1,
        "input": { "height": 32, "width": 32, "channels": 3 },
        "backbone": backbone,
        "head": { "op": "classifier", "classes": 10 },
    })
}

fn refused(text: &[u8]) -> Refusals {
    Spec::from_json(text).and_then(|spec| spec.lower().map(drop)).expect_err("refused")
}

/// The kind, and the whole message of the first refusal.
#[track_caller]
fn check(document: Value, kind: RefusalKind, message: &str) {
    let refusals = refused(document.to_string().as_bytes());
    let first = &refusals.as_slice()[0];
    assert_eq!((first.kind, first.to_string().as_str()), (kind, message));
}

#[test]
fn errors_of_form_are_named_by_path() {
    use RefusalKind::Schema;
    let kernels = "backbone[1].kernel: 4 is not allowed here; use 1, 3, 5 or 7, or a list [rows, columns]";
    let conv = json!({ "op": "conv", "channels": 8 });
    for (backbone, message) in [
        (json!([conv, { "op": "conv", "channels": 8, "kernel": 4 }]), kernels),
        (
            json!([{ "op": "conv", "channels": 8, "kernel": [3, 6] }]),
            "backbone[0].kernel[1]: 6 is not allowed here; use 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 15, 16, 21 or 31",
        ),
        (
            json!([{ "op": "conv", "channels": 8, "kernel": [3] }]),
            "backbone[0].kernel: a list of 1 is not allowed here; use a list [rows, columns]",
        ),
        (
            json!([{ "op": "conv", "channels": 0 }]),
            "backbone[0].channels: 0 is not allowed here; use a whole number from 1 to 2048",
        ),
        (
            json!([{ "op": "conv", "channels": 8.5 }]),
            "backbone[0].channels: 8.5 is not allowed here; use a whole number from 1 to 2048",
        ),
        (
            json!([{ "op": "conv", "channels": "8" }]),
            "backbone[0].channels: \"8\" is not allowed here; use a whole number from 1 to 2048",
        ),
        (json!([{ "op": "conv" }]), "backbone[0]: the field \"channels\" is missing; add it"),
        (
            json!([{ "op": "conv", "channels": 8, "chanels": 8 }]),
            "backbone[0]: there is no field \"chanels\"; use \"channels\"",
        ),
        (json!([{ "op": "covn", "channels": 8 }]), "backbone[0].op: there is no \"covn\"; use \"conv\""),
        (
            json!([{ "op": "conv", "channels": 8, "activation": "gelu" }]),
            "backbone[0].activation: there is no \"gelu\"; use \"relu\"",
        ),
        (
            json!([{ "op": "stage", "repeat": 2, "block": { "op": "stage", "repeat": 2 } }]),
            "backbone[0].block.op: there is no \"stage\"; use conv, depthwise_conv, depthwise_separable, inverted_residual, \
             fused_inverted_residual, residual, fire, squeeze_excite, max_pool, average_pool or dropout",
        ),
        (json!([]), "backbone: there are 0 modules; use 1 to 64"),
        (json!("conv"), "backbone: \"conv\" is not allowed here; use a list of modules"),
    ] {
        check(with_backbone(backbone), Schema, message);
    }
}

#[test]
fn errors_outside_the_backbone_are_named_too() {
    use RefusalKind::Schema;
    let change = |path: &str, value: Value| {
        let mut document = with_backbone(json!([{ "op": "conv", "channels": 8 }]));
        *document.pointer_mut(path).expect("a path") = value;
        document
    };
    check(change("/version", json!(2)), Schema, "version: 2 is not allowed here; use 1");
    check(
        change("/input/height", json!(0)),
        Schema,
        "input.height: 0 is not allowed here; use a whole number from 1 to 16384",
    );
    check(
        change("/head", json!(null)),
        Schema,
        "head: null is not allowed here; use an object with the field \"op\": classifier, embedding, regression or reconstruction",
    );
    check(
        change("/head/classes", json!(1)),
        Schema,
        "head.classes: 1 is not allowed here; use a whole number from 2 to 1024",
    );
    check(json!([]), Schema, ".: a list is not allowed here; use an object");
    let twice = br#"{"version":1,"version":1,"input":{"height":1,"width":1,"channels":1},"backbone":[],"head":{"op":"classifier","classes":2}}"#;
    assert_eq!(refused(twice).as_slice()[0].to_string(), "version: the field is written twice; write it once");
}

#[test]
fn shapes_that_do_not_work_out_are_dimension_errors() {
    use RefusalKind::Dimension;
    let halve = json!({ "op": "max_pool" });
    let conv = json!({ "op": "conv", "channels": 8 });
    check(
        with_backbone(json!([conv, halve, halve, halve, halve, halve, { "op": "conv", "channels": 8, "stride": 2 }])),
        Dimension,
        "backbone[6].stride: 2 leaves 0 rows of 1; use 1",
    );
    check(
        with_backbone(json!([conv, halve, halve, halve, { "op": "average_pool", "window": [1, 5], "stride": 1 }])),
        Dimension,
        "backbone[4].window: 5 columns do not fit in 4; use at most 4, or the padding \"same\"",
    );
    check(
        with_backbone(
            json!([{ "op": "stage", "repeat": 16, "block": { "op": "conv", "channels": 4, "kernel": 5, "padding": "valid" } }]),
        ),
        Dimension,
        "backbone[0].block.kernel: 5 rows do not fit in 4; use at most 4, or the padding \"same\"",
    );
}

#[test]
fn a_remedy_is_itself_allowed() {
    let mut low = with_backbone(json!([{ "op": "conv", "channels": 8, "stride": [8, 1] }]));
    low["input"]["height"] = json!(7);
    check(low, RefusalKind::Dimension, "backbone[0].stride: 8 leaves 0 rows of 7; use 5");
}

#[test]
fn rows_and_columns_told_apart_are_no_shorthand_for_a_signal() {
    let signal = |conv: Value| {
        let mut document = with_backbone(json!([conv]));
        document["input"] = json!({ "height": 1, "width": 128, "channels": 2 });
        document
    };
    check(
        signal(json!({ "op": "conv", "channels": 8, "kernel": [9, 1] })),
        RefusalKind::Dimension,
        "backbone[0].kernel: [9, 1] on an input of one row; use [1, 1]",
    );
    check(
        signal(json!({ "op": "max_pool", "stride": [4, 1] })),
        RefusalKind::Dimension,
        "backbone[0].stride: [4, 1] on an input of one row; use [1, 1]",
    );
    let square = signal(json!({ "op": "conv", "channels": 8, "kernel": 3, "stride": 2 })).to_string();
    let oblong = signal(json!({ "op": "conv", "channels": 8, "kernel": [1, 3], "stride": [1, 2] })).to_string();
    let digest =
        |text: &str| Spec::from_json(text.as_bytes()).and_then(|spec| spec.lower()).expect("a signal").digest();
    assert_eq!(digest(&square), digest(&oblong));
}

#[test]
fn a_limit_is_named() {
    let many = Value::Array(vec![json!({ "op": "conv", "channels": 8 }); limits::MODULES + 1]);
    let refusals = refused(with_backbone(many).to_string().as_bytes());
    assert_eq!(refusals.as_slice()[0].limit, Some(automcu_model::Limit::Modules));
    assert_eq!(refused(b"[[[[[[[[[[[[[[[[[[").as_slice()[0].limit, Some(automcu_model::Limit::Nesting));
    assert_eq!(refused(b"{}").as_slice()[0].limit, None);
}

#[test]
fn what_is_too_large_is_a_limit() {
    use RefusalKind::Limit;
    let wide = json!({ "op": "inverted_residual", "channels": 2048, "expansion": 8 });
    check(
        with_backbone(json!([wide, wide])),
        Limit,
        "backbone[1]: a tensor would have 16384 channels; use at most 8192",
    );
    let deep = json!({ "op": "stage", "repeat": 16, "block": { "op": "inverted_residual", "channels": 8 } });
    check(
        with_backbone(json!([deep, deep, deep, deep, deep, deep, deep, deep])),
        Limit,
        "backbone[7].block: there would be 1025 operations; use at most 1024",
    );
    let heavy = json!({ "op": "conv", "channels": 2048, "kernel": 7 });
    check(
        with_backbone(json!([heavy, heavy])),
        Limit,
        "backbone[1]: there would be 205826048 parameters so far; use at most 50000000",
    );
    let many = Value::Array(vec![json!({ "op": "conv", "channels": 8 }); limits::MODULES + 1]);
    check(with_backbone(many), Limit, "backbone: there are 65 modules; use 1 to 64");
    let mut vast = with_backbone(json!([{ "op": "conv", "channels": 8 }]));
    vast["input"] = json!({ "height": 16384, "width": 16384, "channels": 3 });
    check(vast, Limit, "input: the input has 805306368 values; use at most 16777216");
}

#[test]
fn every_mistake_of_form_is_reported_at_once_up_to_a_bound() {
    let bad = json!({ "op": "conv", "channels": 0, "kernel": 2 });
    let refusals = refused(with_backbone(json!([bad, bad])).to_string().as_bytes());
    let paths: Vec<_> = refusals.as_slice().iter().map(|refusal| refusal.path.as_str()).collect();
    assert_eq!(paths, ["backbone[0].channels", "backbone[0].kernel", "backbone[1].channels", "backbone[1].kernel"]);
    let many = Value::Array(vec![bad; limits::MODULES]);
    assert_eq!(refused(with_backbone(many).to_string().as_bytes()).as_slice().len(), Refusals::MOST);
}

#[test]
fn hostile_documents_are_refused_shortly() {
    let long_key = json!({ "k".repeat(200_000): 1 }).to_string();
    let control = json!({ "\u{1b}[2J": 1 }).to_string();
    let repeated = format!("{{{}\"version\":1}}", "\"version\":1,".repeat(20_000));
    for (text, kind) in [
        (vec![b' '; 100 << 20], RefusalKind::Limit),
        (b"[".repeat(200_000), RefusalKind::Limit),
        (b"{\"backbone\":".repeat(20_000), RefusalKind::Limit),
        (format!("{{\"version\":{}}}", "9".repeat(200_000)).into_bytes(), RefusalKind::Syntax),
        (b"{\"version\":1e308}".to_vec(), RefusalKind::Schema),
        (b"{\"version\":1,\"$schema\":[]}".to_vec(), RefusalKind::Schema),
        (b"{\"version\":-9223372036854775808}".to_vec(), RefusalKind::Schema),
        (long_key.into_bytes(), RefusalKind::Schema),
        (control.into_bytes(), RefusalKind::Schema),
        (repeated.into_bytes(), RefusalKind::Schema),
        (b"\xff\xff".to_vec(), RefusalKind::Syntax),
    ] {
        let refusals = refused(&text);
        let said = refusals.to_string();
        assert_eq!(refusals.kind(), kind, "{said}");
        assert!(said.len() < 8_000 && !said.contains('\u{1b}'), "{said}");
    }
}
