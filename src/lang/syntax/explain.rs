//! The long form of each syntax error.

use crate::diag::Explanation;

/// What `crucible-run explain` says of the codes of this room.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "syntax::unclosed",
        title: "a bracket is never closed",
        text: "Every `(`, `[` and `{` needs its `)`, `]` or `}`. The search for it ends at \
               the next line that begins a definition in column one, so that what stands \
               below is still read.",
        example: "model m = sim(accuracy: 70%     // `)` is missing\n\
                  model m = sim(accuracy: 70%)\n",
    },
    Explanation {
        code: "syntax::unopened",
        title: "a closing bracket closes nothing",
        text: "There is one closing bracket too many, or its opening one was lost.",
        example: "condition c = ask(m))           // one `)` too many\n\
                  condition c = ask(m)\n",
    },
    Explanation {
        code: "syntax::mismatched",
        title: "a bracket is closed by one of another shape",
        text: "Brackets close in the reverse order of their opening, each by its own shape. \
               This holds inside Rhai too.",
        example: "dataset d = items(3, |i| #{ input: `q`, target: i )\n\
                  dataset d = items(3, |i| #{ input: `q`, target: i })\n",
    },
    Explanation {
        code: "syntax::unclosed_text",
        title: "a text never ends",
        text: "A text between `\"` ends on its own line. Text over several lines stands \
               between `\"\"\"`; the indentation that its lines share is taken off. In Rhai, \
               text over several lines stands between backticks.",
        example: "prompt p = \"Answer:             // never ends\n\
                  prompt p = \"Answer: {{ input }}\"\n",
    },
    Explanation {
        code: "syntax::unclosed_comment",
        title: "a comment never ends",
        text: "Comments nest: each `/*` inside a comment needs a `*/` of its own.",
        example: "/* one /* two */                // ends once, begins twice\n\
                  /* one /* two */ */\n",
    },
    Explanation {
        code: "syntax::too_deep",
        title: "brackets or operators are nested too deep",
        text: "Brackets, and comments in comments, nest at most 100 deep; an expression has \
               at most 250 levels, brackets and operators together. A part of it can be \
               given a name with `let`.",
        example: "let part  = vote([a, b])\nlet whole = vote([part, c])\n",
    },
    Explanation {
        code: "syntax::unexpected",
        title: "something else was wanted here",
        text: "The text up to here makes sense, and what follows does not continue it. The \
               message says what was found and what may stand at the place.",
        example: "hypothesis h { claim: a.x >> b.x }\n\
                  hypothesis h { claim: a.x > b.x }\n",
    },
    Explanation {
        code: "syntax::closure_line",
        title: "a line begins with a dot, but the closure above has ended",
        text: "A closure ends with its line, unless the line ends with an operator or a \
               bracket is open. A closure of several lines stands in braces.",
        example: "metric m = score(|output, item| output.text\n    .len())   // the closure has ended\n\
                  metric m = score(|output, item| {\n    output.text\n        .len()\n})\n",
    },
    Explanation {
        code: "syntax::line_start",
        title: "a line begins with an operator, but the one above has ended",
        text: "Outside brackets an expression ends with its line, except after an operator. \
               Inside brackets a line may begin with any operator but `-`, which would be \
               a sign.",
        example: "let a = b\n    + c                         // the line above has ended\n\
                  let a = b +\n    c\n",
    },
    Explanation {
        code: "syntax::unit",
        title: "letters after a number are no unit, or do not fit it",
        text: "A letter straight after a number is its unit: `%` and `pp`; `us`, `ms`, `s`, \
               `min`, `h`, `d`; `k`, `M`. A `$` before it makes it money; `/Mtok` and \
               `/ktok` after money make a price; `/s`, `/min` and `/h` after a plain \
               number make a rate.",
        example: "experiment e { timeout: 30sec } // did you mean `30s`?\n\
                  experiment e { timeout: 30s }\n",
    },
    Explanation {
        code: "syntax::number",
        title: "a number is too large",
        text: "Numbers are kept as 64-bit floats, which go up to 1.8e308.",
        example: "let a = 1e400\nlet a = 1e300\n",
    },
    Explanation {
        code: "syntax::escape",
        title: "a backslash and what follows it mean nothing",
        text: "The escapes of a text are `\\n` (a new line), `\\t` (a tab), `\\r`, `\\0`, \
               `\\\"`, `\\'`, `\\\\` (a backslash) and `\\u{e9}`, the number of a character \
               in hexadecimal between braces. In a regular expression that stands between \
               double quotes, each backslash is therefore written twice: `regex(\"\\\\d+\")`. \
               Rhai has the same escapes between double quotes; between backticks it has \
               none, so there a regular expression stands as it is: \
               `find(text, `\\d+`)`, and a line break is a line break.",
        example: "let pattern = \"\\d+\"             // `\\d` is no escape\n\
                  let pattern = \"\\\\d+\"\n",
    },
];
