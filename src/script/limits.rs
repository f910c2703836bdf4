//! The caps on what a script may do.

use std::time::Duration;

use rhai::Engine;

/// The stack that a thread needs to run any script.
///
/// A list in a list in a list … is as deep as the caps on elements allow, and Rhai walks it
/// by recursion: about half a kilobyte for each level.
pub const STACK_BYTES: usize = 16 << 20;

/// The caps of the sandbox. Every one is set: Rhai's own defaults differ between debug and
/// release builds, and some are "none".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Operations of a closure: a metric, an extractor, a row of a dataset.
    pub operations: u64,
    /// Operations of a strategy's script, all told.
    pub strategy_operations: u64,
    /// Time that a script may compute; waiting for models does not count.
    pub time: Duration,
    /// Calls of functions inside one another.
    pub call_levels: usize,
    /// Nesting of an expression.
    pub expression_depth: usize,
    /// Bytes of a string.
    pub string_bytes: usize,
    /// Elements of a list, those of the lists in it counted too.
    pub list_elements: usize,
    /// Entries of a map.
    pub map_entries: usize,
    /// Functions that a script may define, closures included.
    pub functions: usize,
    /// Variables that may exist at once.
    pub variables: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 1_000_000,
            strategy_operations: 100_000_000,
            time: Duration::from_secs(30),
            call_levels: 32,
            expression_depth: 64,
            string_bytes: 4 << 20,
            list_elements: 10_000,
            map_entries: 5_000,
            functions: 10_000,
            variables: 1_000,
        }
    }
}

impl Limits {
    /// Puts the caps on an engine.
    ///
    /// Operations are counted by the run's own control, which knows what kind of script
    /// runs; the engine's cap is the larger one.
    pub(super) fn apply(&self, engine: &mut Engine) {
        engine
            .set_max_operations(self.strategy_operations.max(self.operations))
            .set_max_call_levels(self.call_levels)
            .set_max_expr_depths(self.expression_depth, self.expression_depth)
            .set_max_string_size(self.string_bytes)
            .set_max_array_size(self.list_elements)
            .set_max_map_size(self.map_entries)
            .set_max_functions(self.functions)
            .set_max_variables(self.variables)
            .set_max_modules(0);
    }
}
