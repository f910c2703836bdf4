//! Fields that a closure reads of its parameters.

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::script::{FieldUse, OUTPUT_FIELDS};

use super::Checker;
use super::script::within;
use crate::lang::suggest;

impl Checker<'_> {
    /// Reports fields that no output has. `roles` are the parameters as the call names them,
    /// `names` as the closure does. What an item has is known once the data are read.
    pub(super) fn known_fields(
        &mut self,
        fields: &[FieldUse],
        roles: &[&str],
        names: &[String],
        span: Span,
    ) {
        let of_output = |name: &str| {
            let place = names.iter().position(|own| own == name);
            place.and_then(|place| roles.get(place)) == Some(&"output")
        };
        for FieldUse { start, end, param, field } in fields {
            if !of_output(param) || OUTPUT_FIELDS.contains(&field.as_str()) {
                continue;
            }
            let known = OUTPUT_FIELDS.iter().copied();
            let help = suggest::did_you_mean(field, known.clone())
                .unwrap_or_else(|| format!("it has {}", suggest::listed(known)));
            self.report(
                Diagnostic::error(
                    "check::unknown_field",
                    format!("an output has no `{field}`"),
                )
                .label(within(span, *start, *end), "not a field of an output")
                .help(help),
            );
        }
    }
}
