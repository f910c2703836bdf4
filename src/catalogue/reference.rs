//! The reference: a page for each list, and what `doc NAME` prints.

use crate::catalogue::lists::{self, Chapter};
use crate::catalogue::page;
use crate::lang::{self, LibraryEntry};
use crate::script::{HOST_FUNCTIONS, HostFunction};
use crate::spec::{MEASURES, Measure};

/// A page of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its file in the folder of the reference.
    pub file: String,
    /// Its text, in Markdown.
    pub text: String,
}

const RHAI_PREFACE: &str = "Behaviour is [Rhai](https://rhai.rs/book): a closure stands where a parameter is a function, and nowhere else. Besides Rhai's own functions there are these. One that finds nothing returns `()`.\n\nAn `item` has `id`, `input`, `target` and its columns; an `output` has `text`, `confidence`, `votes`, `usage`, `latency`, `cost`, `requests`, `tokens_in`, `tokens_out`, `tokens_cached`, `tokens_reasoning`, `ttft`, `waited`, `trace`, `consensus`, `margin`, `members_called`, `hedged`, `won_by` and `wasted_cost`. What is not known is `()`. Quantities of the file are plain numbers in base units (seconds, dollars, fractions of one).\n\nA strategy's closure gets `ctx`: `ctx.ask(model, prompt)` asks a model, where the prompt is a text, a prompt of the file, or a map with `system` and `prompt` or `messages` (each `#{ role, text }`); `ctx.run(strategy, item)` runs a strategy on an item, a text in place of its input, or a map of what is different; `ctx.run_all(strategies, item)` runs a list of strategies at the same time, on one item or each on its own of a list, and returns their outputs in order, `()` for one that failed (it throws where all did); `ctx.log(text)` adds a line to the trial's trace. A call that fails throws a map with `kind` and `message`. The closure returns an output, a text, or a map with `text` and `confidence`. A parameter `calls` with a default says how many calls it makes, for `plan`. A run of it makes at most 1,000 calls, or ten times what `calls` says, where that is more; the call after that throws, and one more ends the trial.\n\nA hook of the `experiment` has `log(text)`, which writes a line to stderr and into the events of the run; elsewhere it throws.";

const LIBRARY_PREFACE: &str = "Definitions that come with the program. `use std::prompts` brings all of a file, `use std::prompts::step_by_step` one of them; they could stand in any file.";

/// Returns all pages of the reference.
#[must_use]
pub fn reference() -> Vec<Page> {
    let mut pages: Vec<Page> =
        lists::grammatical().iter().chain(&lists::callable()).map(chapter).collect();
    pages.push(rhai());
    pages.push(library());
    pages
}

fn library() -> Page {
    let mut text = heading("The library", LIBRARY_PREFACE);
    for file in lang::library() {
        text.push('\n');
        text.push_str(&page::library_file(&file));
    }
    Page { file: "stdlib.md".to_owned(), text }
}

fn chapter(chapter: &Chapter) -> Page {
    let mut text = heading(chapter.title, chapter.preface);
    for signature in &chapter.signatures {
        text.push('\n');
        text.push_str(&page::signature(signature));
    }
    if chapter.file == "metrics.md" {
        text.push_str("\n## Measures\n\nEvery trial has these, without a `metric` of the file.\n\n| measure | scale | |\n| --- | --- | --- |\n");
        for measure in MEASURES {
            text.push_str(&measure_row(measure));
        }
    }
    Page { file: chapter.file.to_owned(), text }
}

fn heading(title: &str, preface: &str) -> String {
    format!("# {title}\n\n{preface}\n")
}

fn measure_row(measure: &Measure) -> String {
    format!("| `{}` | {} | {} |\n", measure.name, measure.scale.word(), measure.doc)
}

fn rhai() -> Page {
    let mut text = heading("Rhai", RHAI_PREFACE);
    for function in host_functions() {
        text.push('\n');
        text.push_str(&page::host_function(function));
    }
    Page { file: "rhai.md".to_owned(), text }
}

fn host_functions() -> impl Iterator<Item = &'static HostFunction> {
    HOST_FUNCTIONS.iter().copied().flatten()
}

/// Returns what there is to say of a name: a call, a kind, a function of claims, a measure
/// a host function, or the library and what is in it. A name of several sorts gives all.
#[must_use]
pub fn doc(name: &str) -> Option<String> {
    let mut parts: Vec<String> = lists::callable()
        .iter()
        .chain(&lists::grammatical())
        .flat_map(|chapter| &chapter.signatures)
        .filter(|signature| signature.name == name)
        .map(page::signature)
        .collect();
    parts.extend(MEASURES.iter().filter(|measure| measure.name == name).map(|measure| {
        format!("## `{name}`\n\nA measure ({}). {}\n", measure.scale.word(), measure.doc)
    }));
    parts.extend(
        host_functions()
            .filter(|function| function.name == name)
            .map(page::host_function),
    );
    for file in lang::library() {
        if name == "std" || name == file.path {
            parts.push(page::library_file(&file));
            continue;
        }
        let whole = |entry: &LibraryEntry| format!("{}::{}", file.path, entry.name);
        let named = file.entries.iter().filter(|e| name == e.name || name == whole(e));
        parts.extend(named.map(|entry| page::library_entry(entry, file.path)));
    }
    (!parts.is_empty()).then(|| parts.join("\n"))
}

/// Returns every name that `doc` knows, sort by sort, a line for each.
#[must_use]
pub fn names() -> String {
    let mut text = String::new();
    for chapter in lists::grammatical().iter().chain(&lists::callable()) {
        text.push_str(&format_line(chapter.title));
        for signature in &chapter.signatures {
            text.push_str(&entry(signature.name, signature.doc));
        }
    }
    text.push_str(&format_line("Measures"));
    for measure in MEASURES {
        text.push_str(&entry(measure.name, measure.doc));
    }
    text.push_str(&format_line("Functions of the host"));
    let mut last = "";
    for function in host_functions().filter(|function| {
        let again = function.name == last;
        last = function.name;
        !again
    }) {
        text.push_str(&entry(function.name, function.doc));
    }
    for file in lang::library() {
        text.push_str(&format_line(&format!("Library: `use {}`", file.path)));
        for one in &file.entries {
            text.push_str(&entry(&one.name, one.doc.lines().next().unwrap_or_default()));
        }
    }
    text
}

fn format_line(title: &str) -> String {
    format!("{title}\n")
}

fn entry(name: &str, doc: &str) -> String {
    format!("  {name:<14} {doc}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_listed_can_be_asked_for() {
        for line in names().lines().filter(|line| line.starts_with("  ")) {
            let name = line.split_whitespace().next().unwrap();
            assert!(doc(name).is_some(), "{name}");
        }
        assert!(doc("nothing_of_the_kind").is_none());
    }

    #[test]
    fn a_name_of_two_sorts_gives_both() {
        let text = doc("last_number").unwrap();
        assert!(text.contains("exact_match(extract: last_number)"));
        assert!(text.contains("last_number(text) -> number or ()"));
    }

    #[test]
    fn pages_have_files_of_their_own() {
        let mut files: Vec<_> = reference().into_iter().map(|page| page.file).collect();
        let count = files.len();
        files.sort();
        files.dedup();
        assert_eq!(files.len(), count);
    }
}
