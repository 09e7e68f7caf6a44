//! JSON Schemas of types whose wire format is written by hand.

/// Says what `$name` looks like on the wire. The schema stands wherever the type is used, because a
/// name of its own would tell a reader of the wire format nothing.
macro_rules! wire_schema {
    ($name:ident, { $($schema:tt)* }) => {
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ $($schema)* })
            }
        }
    };
}

pub(crate) use wire_schema;
