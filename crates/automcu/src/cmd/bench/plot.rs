//! The mean best after each evaluation, as a drawing.

use std::fmt::Write as _;

/// Width and height of the drawing, and what is left for its edges.
const SIDES: (f64, f64) = (720.0, 420.0);
const EDGE: f64 = 56.0;
/// Told apart by people who see colours differently (Okabe and Ito).
const COLOURS: [&str; 10] =
    ["#000000", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#999999", "#b8a800", "#7b3294"];

/// A line of the drawing: its name, and a value after each evaluation.
pub(super) struct Curve {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

/// Draws curves; `title` stands above. Names are those of strategies: nothing in them needs escaping.
pub(super) fn drawn(title: &str, curves: &[Curve]) -> String {
    let all = || curves.iter().flat_map(|curve| curve.values.iter().copied());
    let (least, most) =
        all().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)));
    let (least, most) = if most > least { (least, most) } else { (least.min(0.0), least.max(0.0) + 1.0) };
    let longest = curves.iter().map(|curve| curve.values.len()).max().unwrap_or(1).max(2);
    #[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
    let x = |place: usize| EDGE + (SIDES.0 - 4.0 * EDGE) * place as f64 / (longest - 1) as f64;
    let y = |value: f64| SIDES.1 - EDGE - (SIDES.1 - 2.0 * EDGE) * (value - least) / (most - least);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"{EDGE}\" y=\"28\" font-size=\"15\">{title}</text>\n",
        SIDES.0, SIDES.1
    );
    for part in 0..=4 {
        let value = least + (most - least) * f64::from(part) / 4.0;
        let (at, right) = (y(value), x(longest - 1));
        let _ = writeln!(text, "<path d=\"M{EDGE} {at:.1}H{right:.1}\" stroke=\"#ddd\"/>");
        let _ =
            writeln!(text, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.2}</text>", EDGE - 6.0, at + 4.0);
    }
    for place in [0, longest / 2, longest - 1] {
        let (at, below) = (x(place), SIDES.1 - EDGE + 18.0);
        let _ = writeln!(text, "<text x=\"{at:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">{}</text>", place + 1);
    }
    for (place, (curve, colour)) in curves.iter().zip(COLOURS.iter().cycle()).enumerate() {
        let points: Vec<String> =
            curve.values.iter().enumerate().map(|(at, value)| format!("{:.1},{:.1}", x(at), y(*value))).collect();
        let _ = writeln!(
            text,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            points.join(" ")
        );
        #[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
        let at = EDGE + 16.0 * place as f64;
        let right = SIDES.0 - 2.7 * EDGE;
        let _ = writeln!(text, "<text x=\"{right:.1}\" y=\"{at:.1}\" fill=\"{colour}\">{}</text>", curve.name);
    }
    text.push_str("</svg>\n");
    text
}
