//! One declaration makes a table of the configuration: the type, its defaults, how it is read, shown and described. So these cannot
//! drift apart.

use serde_json::Value as Json;

/// What is known of a value before it is said.
pub(crate) struct Key {
    /// As the file calls it: `training.slots`.
    pub(crate) name: &'static str,
    pub(crate) about: &'static [&'static str],
    /// What may be written for the default, where no value of the type says it.
    pub(crate) word: Option<&'static str>,
    pub(crate) schema: fn() -> Json,
}

impl Key {
    /// The variable of the environment that says it.
    pub(crate) fn variable(&self) -> String {
        // Who wants more told says it of the log as a whole.
        let name = self.name.strip_suffix(".level").unwrap_or(self.name);
        format!("AUTOMCU_{}", name.replace('.', "_").to_ascii_uppercase())
    }
}

/// A table: `Name at "prefix." with usual { field: Type = default; or "word"; }`. Defaults may name `usual`, and fields before them.
macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        $name:ident at $prefix:literal with $usual:ident {
            $( $(#[doc = $about:literal])+ $field:ident: $type:ty = $default:expr $(, or $word:literal)?; )*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $( $(#[doc = $about])+ pub $field: crate::Setting<$type>, )* }

        impl $name {
            pub(crate) const KEYS: &'static [crate::declare::Key] = &[$( crate::declare::Key {
                name: concat!($prefix, stringify!($field)),
                about: &[$($about),+],
                word: table!(@word $($word)?),
                schema: <$type as crate::value::Value>::schema,
            }, )*];

            pub(crate) fn gather(layers: &mut crate::layers::Layers<'_>, $usual: &crate::Environment) -> Self {
                let mut keys = Self::KEYS.iter();
                $( let $field = layers.take::<$type>(keys.next().expect("as many keys as fields"), $default); )*
                Self { $($field),* }
            }

            pub(crate) fn rows(&self) -> Vec<crate::Row> {
                let shown = [$( (crate::value::Value::show(&self.$field.value), &self.$field.origin) ),*];
                Self::KEYS.iter().zip(shown).map(|(key, (value, origin))| crate::Row::of(key, value, origin)).collect()
            }
        }
    };
    (@word) => { None };
    (@word $word:literal) => { Some($word) };
}

pub(crate) use table;
