//! One declaration makes a type, its reader, its writer and its JSON Schema, so that these cannot drift apart.
//!
//! The schema uses only what schema-constrained decoders enforce: enums of allowed integers, bounded integers,
//! `anyOf` tagged by a one-word enum, closed objects. No floats, no `multipleOf`, no `oneOf`.

/// An object with named fields. A field with `= default` may be left out.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        $name:ident { $( $(#[doc = $field_doc:literal])+ $field:ident : $type:ty $(= $default:expr)?, )* }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        pub struct $name { $( $(#[doc = $field_doc])+ pub $field: $type, )* }

        impl $name {
            const FIELDS: &'static [&'static str] = &[$(stringify!($field)),*];

            pub(crate) fn read_fields(
                fields: &crate::read::Fields<'_, '_>,
                at: &crate::read::At<'_>,
                found: &mut crate::refusal::Findings,
            ) -> Option<Self> {
                $( let $field: Option<$type> = record!(@read fields, at, found, $field $(, $default)?); )*
                Some(Self { $( $field: $field?, )* })
            }

            pub(crate) fn describe(
                generator: &mut schemars::SchemaGenerator,
                tag: Option<&str>,
            ) -> schemars::Schema {
                let mut object = crate::spec::schema::Object::new(&[$($doc),+], tag);
                $( object.field::<$type>(
                    generator, stringify!($field), &[$($field_doc),+], record!(@default $type $(, $default)?),
                ); )*
                object.finish()
            }
        }

        impl crate::read::Read for $name {
            fn read(
                json: &crate::read::Json<'_>,
                at: &crate::read::At<'_>,
                found: &mut crate::refusal::Findings,
            ) -> Option<Self> {
                let fields = crate::read::Fields::of(json, Self::FIELDS, at, found)?;
                Self::read_fields(&fields, at, found)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                Self::describe(generator, None)
            }
        }
    };
    (@read $fields:ident, $at:ident, $found:ident, $field:ident) => {
        $fields.required(stringify!($field), $at, $found)
    };
    (@read $fields:ident, $at:ident, $found:ident, $field:ident, $default:expr) => {
        $fields.optional(stringify!($field), $default, $at, $found)
    };
    (@default $type:ty) => { None };
    (@default $type:ty, $default:expr) => {{
        let default: $type = $default;
        Some(serde_json::to_value(default).expect("spec values are plain data"))
    }};
}

/// One of several records, told apart by the word in the field `op`.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])+
        $name:ident { $( $(#[doc = $variant_doc:literal])+ $word:literal => $variant:ident, )* }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(tag = "op")]
        pub enum $name { $( $(#[doc = $variant_doc])+ #[serde(rename = $word)] $variant($variant), )* }

        impl $name {
            pub(crate) const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word that stands in the field `op`.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self { $( Self::$variant(_) => $word, )* }
            }

            pub(crate) fn read_as(
                word: &str,
                json: &crate::read::Json<'_>,
                at: &crate::read::At<'_>,
                found: &mut crate::refusal::Findings,
            ) -> Option<Self> {
                match word {
                    $( $word => {
                        let fields = crate::read::Fields::of(json, $variant::TAGGED_FIELDS, at, found)?;
                        $variant::read_fields(&fields, at, found).map(Self::$variant)
                    } )*
                    _ => None,
                }
            }

            pub(crate) fn describe_all(generator: &mut schemars::SchemaGenerator) -> Vec<schemars::Schema> {
                vec![$( $variant::describe(generator, Some($word)) ),*]
            }
        }

        $( impl $variant { const TAGGED_FIELDS: &'static [&'static str] = &crate::spec::declare::prepended::<
            { $variant::FIELDS.len() + 1 }
        >("op", $variant::FIELDS); } )*

        impl crate::read::Read for $name {
            fn read(
                json: &crate::read::Json<'_>,
                at: &crate::read::At<'_>,
                found: &mut crate::refusal::Findings,
            ) -> Option<Self> {
                let word = crate::spec::declare::tag(json, Self::WORDS, at, found)?;
                Self::read_as(word, json, at, found)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::spec::schema::any_of(Self::describe_all(generator))
            }
        }
    };
}

/// A closed set of words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        $name:ident { $( $(#[doc = $word_doc:literal])+ $word:literal => $variant:ident, )* }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        pub enum $name { $( $(#[doc = $word_doc])+ #[serde(rename = $word)] $variant, )* }

        impl $name {
            /// Every one, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word as it stands in a spec.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl crate::read::Read for $name {
            fn read(
                json: &crate::read::Json<'_>,
                at: &crate::read::At<'_>,
                found: &mut crate::refusal::Findings,
            ) -> Option<Self> {
                const WORDS: &[&str] = &[$($word),*];
                let crate::read::Json::Text(text) = json else {
                    return crate::read::expected(json, at, &crate::read::one_of(WORDS), found);
                };
                let known = Self::ALL.iter().copied().find(|each| each.word() == text);
                known.or_else(|| crate::spec::declare::no_such_word(text, WORDS, at, found))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($word),*] })
            }
        }
    };
}

/// A whole number: either `first..=last`, or one of a list.
macro_rules! whole {
    ($(#[doc = $doc:literal])+ $name:ident { $first:literal ..= $last:literal }) => {
        whole!(@type $name, [$($doc),+]);
        impl $name {
            /// The least that is allowed.
            pub const LEAST: Self = Self($first);
            /// The most that is allowed.
            pub const MOST: Self = Self($last);

            const fn allows(number: i64) -> bool {
                $first <= number && number <= $last
            }

            fn remedy() -> String {
                concat!("a whole number from ", $first, " to ", $last).to_owned()
            }

            fn described() -> schemars::Schema {
                schemars::json_schema!({ "type": "integer", "minimum": $first, "maximum": $last })
            }
        }
    };
    ($(#[doc = $doc:literal])+ $name:ident [$($value:literal),+]) => {
        whole!(@type $name, [$($doc),+]);
        impl $name {
            /// Every allowed number.
            pub const ALL: &'static [Self] = &[$(Self($value)),+];

            const fn allows(number: i64) -> bool {
                matches!(number, $($value)|+)
            }

            fn remedy() -> String {
                crate::read::one_of(&[$($value),+])
            }

            fn described() -> schemars::Schema {
                schemars::json_schema!({ "type": "integer", "enum": [$($value),+] })
            }
        }
    };
    (@type $name:ident, [$($doc:literal),+]) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The number, where it is allowed.
            #[must_use]
            pub const fn new(number: u32) -> Option<Self> {
                if Self::allows(number as i64) { Some(Self(number)) } else { None }
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }

            /// A number that is known to be allowed. As a `const` it is checked by the compiler.
            ///
            /// # Panics
            /// Where the number is not allowed.
            #[must_use]
            pub const fn fixed(number: u32) -> Self {
                Self::new(number).expect("an allowed number")
            }
        }

        impl crate::read::Read for $name {
            fn read(
                json: &crate::read::Json<'_>,
                at: &crate::read::At<'_>,
                found: &mut crate::refusal::Findings,
            ) -> Option<Self> {
                let number = json.whole().and_then(|number| u32::try_from(number).ok());
                number.and_then(Self::new).or_else(|| crate::read::expected(json, at, &Self::remedy(), found))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                Self::described()
            }
        }
    };
}

/// Rows and columns: one number for both where it is common, `[rows, columns]` for anything else.
macro_rules! extent {
    ($(#[doc = $doc:literal])+ $name:ident both [$($both:literal),+] each [$($each:literal),+]) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(crate::graph::Extent);

        impl $name {
            /// The numbers that may be written for both axes at once.
            pub const BOTH: &'static [u32] = &[$($both),+];
            /// The numbers that may be written for one axis.
            pub const EACH: &'static [u32] = &[$($each),+];

            /// Rows and columns, where they are allowed.
            #[must_use]
            pub const fn new(height: u32, width: u32) -> Option<Self> {
                use crate::spec::declare::is_among;
                let square = height == width && is_among(height, Self::BOTH);
                let each = is_among(height, Self::EACH) && is_among(width, Self::EACH);
                if square || each { Some(Self(crate::graph::Extent { height, width })) } else { None }
            }

            /// The same number for rows and columns, where it is allowed.
            #[must_use]
            pub const fn square(side: u32) -> Option<Self> {
                Self::new(side, side)
            }

            /// Rows and columns.
            #[must_use]
            pub const fn get(self) -> crate::graph::Extent {
                self.0
            }

            /// A square that is known to be allowed. As a `const` it is checked by the compiler.
            ///
            /// # Panics
            /// Where the side is not allowed.
            #[must_use]
            pub const fn fixed(side: u32) -> Self {
                Self::square(side).expect("an allowed side")
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    crate::graph::Extent { height, width } if height == width && Self::BOTH.contains(&height) => {
                        height.serialize(sink)
                    }
                    crate::graph::Extent { height, width } => [height, width].serialize(sink),
                }
            }
        }

        impl crate::read::Read for $name {
            fn read(
                json: &crate::read::Json<'_>,
                at: &crate::read::At<'_>,
                found: &mut crate::refusal::Findings,
            ) -> Option<Self> {
                crate::spec::declare::read_extent(json, Self::BOTH, Self::EACH, at, found).map(Self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::spec::schema::extent(Self::BOTH, Self::EACH)
            }
        }
    };
}

pub(crate) use {choice, extent, record, whole, words};

use crate::{
    graph::Extent,
    read::{At, Json, expected, near_miss, one_of},
    refusal::{Findings, Refusal, RefusalKind, quoted},
};

/// `first`, and then the `others`.
pub(crate) const fn prepended<const N: usize>(first: &'static str, others: &[&'static str]) -> [&'static str; N] {
    let mut all = [first; N];
    let mut i = 0;
    while i < others.len() {
        all[i + 1] = others[i];
        i += 1;
    }
    all
}

pub(crate) const fn is_among(number: u32, list: &[u32]) -> bool {
    let mut i = 0;
    while i < list.len() {
        if list[i] == number {
            return true;
        }
        i += 1;
    }
    false
}

/// The word in the field `op`, if it is one of `words`.
pub(crate) fn tag<'j>(json: &'j Json<'_>, words: &[&str], at: &At<'_>, found: &mut Findings) -> Option<&'j str> {
    let Json::Object(entries) = json else {
        return expected(json, at, &format!("an object with the field \"op\": {}", one_of(words)), found);
    };
    match entries.iter().find(|(key, _)| key == "op").map(|(_, value)| value) {
        Some(Json::Text(word)) if words.contains(&word.as_ref()) => Some(word),
        Some(Json::Text(word)) => no_such_word(word, words, &At::Key(at, "op"), found),
        Some(other) => expected(other, &At::Key(at, "op"), &one_of(words), found),
        None => {
            let remedy = format!("add one of {}", one_of(words));
            found.add(Refusal::new(RefusalKind::Schema, at, "the field \"op\" is missing", remedy));
            None
        }
    }
}

pub(crate) fn no_such_word<T>(word: &str, words: &[&str], at: &At<'_>, found: &mut Findings) -> Option<T> {
    let problem = format!("there is no {}", quoted(word));
    found.add(Refusal::new(RefusalKind::Schema, at, problem, near_miss(word, words)));
    None
}

pub(crate) fn read_extent(
    json: &Json<'_>,
    both: &[u32],
    each: &[u32],
    at: &At<'_>,
    found: &mut Findings,
) -> Option<Extent> {
    let allowed =
        |json: &Json<'_>, of: &[u32]| json.whole().and_then(|n| u32::try_from(n).ok()).filter(|n| of.contains(n));
    if let Some(side) = allowed(json, both) {
        return Some(Extent { height: side, width: side });
    }
    let Json::List(sides) = json else {
        let remedy = format!("{}, or a list [rows, columns]", one_of(both));
        return expected(json, at, &remedy, found);
    };
    let [height, width] = sides.as_slice() else {
        let problem = format!("a list of {} is not allowed here", sides.len());
        found.add(Refusal::new(RefusalKind::Schema, at, problem, "use a list [rows, columns]"));
        return None;
    };
    let mut side = |i, json| allowed(json, each).or_else(|| expected(json, &At::Index(at, i), &one_of(each), found));
    let (height, width) = (side(0, height), side(1, width));
    Some(Extent { height: height?, width: width? })
}
