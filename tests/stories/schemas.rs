//! The schemas in the repository are read by a validator that is not ours.

use std::process::Command;

use automcu_needs::need;
use automcu_tests::fixture;

const READER: &str = r#"
import json, pathlib, sys
from jsonschema import Draft202012Validator
schemas, specs = map(pathlib.Path, sys.argv[1:3])
strict = json.loads((schemas / "architecture.strict.json").read_text())
lenient = json.loads((schemas / "architecture.json").read_text())
for schema in (strict, lenient, json.loads((schemas / "target-family.json").read_text())):
    Draft202012Validator.check_schema(schema)
seen = 0
for path in sorted(specs.glob("*.json")):
    spec = json.loads(path.read_text())
    Draft202012Validator(lenient).validate(spec)
    spec["backbone"][0]["colour"] = "red"
    assert not Draft202012Validator(lenient).is_valid(spec), path
    seen += 1
assert seen >= 10, seen
"#;

#[test]
#[expect(clippy::disallowed_methods, reason = "the other validator is a program")]
fn another_validator_reads_the_schemas_as_ours_does() {
    let Some(python) = need("python-jsonschema") else { return };
    let schemas = fixture("../../schemas");
    let output =
        Command::new(python).args(["-c", READER, &schemas, &fixture("specs")]).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
