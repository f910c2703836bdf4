//! Text for pdfLaTeX: nothing that was said elsewhere is ever a command, and what the fonts
//! do not have stands as its code point in a box.

/// Words of at most this many characters are never broken.
const WHOLE: usize = 10;

/// Words of letters alone are left to hyphenation up to this length.
const HYPHENATED: usize = 24;

/// In other long words a line may end after so many characters.
const PIECE: usize = 6;

/// Letters of Latin-1 and Latin Extended-A that the T1 encoding lacks.
const NOT_IN_T1: &str = "ĦħĸĿŀŉŦŧſ";

/// Escapes text for a paragraph, a table cell or the argument of a macro.
pub(in crate::report) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + text.len() / 4);
    let mut word: Vec<char> = Vec::new();
    for character in text.chars() {
        match character {
            ' ' | '\n' | '\r' | '\t' | '\u{2000}'..='\u{2008}' | '\u{200a}' => {
                push_word(&mut shown, &word);
                word.clear();
                if !shown.ends_with(' ') {
                    shown.push(' ');
                }
            }
            other => word.push(other),
        }
    }
    push_word(&mut shown, &word);
    shown
}

/// Writes a word, with places where a line may end if it is long.
fn push_word(shown: &mut String, word: &[char]) {
    let letters = word.iter().filter(|c| c.is_alphabetic()).count();
    let plain = letters + 2 >= word.len() && word.iter().all(char::is_ascii);
    let whole = word.len() <= WHOLE || (plain && word.len() <= HYPHENATED);
    let mut since = 0;
    for (at, &character) in word.iter().enumerate() {
        let next = word.get(at + 1).copied();
        let boxed = push(shown, character, next);
        since += 1;
        let seam = "_-/.,:;=()[]{}|&".contains(character) && since > 2;
        if next.is_some() && (boxed || (!whole && (seam || since >= PIECE))) {
            shown.push_str("\\allowbreak{}");
            since = 0;
        }
    }
}

/// Writes one character; says whether it stands as its code point.
fn push(shown: &mut String, character: char, next: Option<char>) -> bool {
    match character {
        '\\' => shown.push_str("\\textbackslash{}"),
        '{' | '}' | '$' | '&' | '#' | '_' | '%' => {
            shown.push('\\');
            shown.push(character);
        }
        '^' => shown.push_str("\\textasciicircum{}"),
        '~' => shown.push_str("\\textasciitilde{}"),
        '"' => shown.push_str("\\textquotedbl{}"),
        '\'' => shown.push_str("\\textquotesingle{}"),
        '`' => shown.push_str("\\textasciigrave{}"),
        '<' => shown.push_str("\\textless{}"),
        '>' => shown.push_str("\\textgreater{}"),
        '|' => shown.push_str("\\textbar{}"),
        // Behind the end of a table's row these would be read as its arguments.
        '[' | ']' | '*' => {
            shown.push('{');
            shown.push(character);
            shown.push('}');
        }
        // Two of these in a row would be drawn as one other sign.
        '-' | ',' | '!' | '?' if next.is_some_and(|next| "-,`".contains(next)) => {
            shown.push(character);
            shown.push_str("{}");
        }
        ' '..='\u{7e}' => shown.push(character),
        other => return push_beyond_ascii(shown, other),
    }
    false
}

fn push_beyond_ascii(shown: &mut String, character: char) -> bool {
    if let Some(command) = command(character) {
        shown.push_str(command);
        return false;
    }
    let letter = matches!(character, '\u{c0}'..='\u{17f}') || "¡¿«»".contains(character);
    if letter && !NOT_IN_T1.contains(character) && !"×÷".contains(character) {
        shown.push(character);
        return false;
    }
    let boxed = format!("\\cruciblechar{{{:04X}}}", u32::from(character));
    shown.push_str(&boxed);
    true
}

/// Returns the command for a sign that the usual fonts have.
fn command(character: char) -> Option<&'static str> {
    let found = SIGNS.binary_search_by_key(&character, |(sign, _)| *sign).ok()?;
    SIGNS.get(found).map(|(_, command)| *command)
}

/// Signs beyond letters, by code point.
const SIGNS: &[(char, &str)] = &[
    ('\u{a0}', "~"),
    ('¢', "\\textcent{}"),
    ('£', "\\textsterling{}"),
    ('¥', "\\textyen{}"),
    ('§', "\\textsection{}"),
    ('©', "\\textcopyright{}"),
    ('¬', "\\ensuremath{\\neg}"),
    ('®', "\\textregistered{}"),
    ('°', "\\ensuremath{{}^{\\circ}}"),
    ('±', "\\ensuremath{\\pm}"),
    ('²', "\\ensuremath{{}^{2}}"),
    ('³', "\\ensuremath{{}^{3}}"),
    ('µ', "\\ensuremath{\\mu}"),
    ('·', "\\ensuremath{\\cdot}"),
    ('¹', "\\ensuremath{{}^{1}}"),
    ('×', "\\ensuremath{\\times}"),
    ('÷', "\\ensuremath{\\div}"),
    ('Γ', "\\ensuremath{\\Gamma}"),
    ('Δ', "\\ensuremath{\\Delta}"),
    ('Θ', "\\ensuremath{\\Theta}"),
    ('Λ', "\\ensuremath{\\Lambda}"),
    ('Ξ', "\\ensuremath{\\Xi}"),
    ('Π', "\\ensuremath{\\Pi}"),
    ('Σ', "\\ensuremath{\\Sigma}"),
    ('Φ', "\\ensuremath{\\Phi}"),
    ('Ψ', "\\ensuremath{\\Psi}"),
    ('Ω', "\\ensuremath{\\Omega}"),
    ('α', "\\ensuremath{\\alpha}"),
    ('β', "\\ensuremath{\\beta}"),
    ('γ', "\\ensuremath{\\gamma}"),
    ('δ', "\\ensuremath{\\delta}"),
    ('ε', "\\ensuremath{\\varepsilon}"),
    ('ζ', "\\ensuremath{\\zeta}"),
    ('η', "\\ensuremath{\\eta}"),
    ('θ', "\\ensuremath{\\theta}"),
    ('ι', "\\ensuremath{\\iota}"),
    ('κ', "\\ensuremath{\\kappa}"),
    ('λ', "\\ensuremath{\\lambda}"),
    ('μ', "\\ensuremath{\\mu}"),
    ('ν', "\\ensuremath{\\nu}"),
    ('ξ', "\\ensuremath{\\xi}"),
    ('π', "\\ensuremath{\\pi}"),
    ('ρ', "\\ensuremath{\\rho}"),
    ('ς', "\\ensuremath{\\varsigma}"),
    ('σ', "\\ensuremath{\\sigma}"),
    ('τ', "\\ensuremath{\\tau}"),
    ('υ', "\\ensuremath{\\upsilon}"),
    ('φ', "\\ensuremath{\\varphi}"),
    ('χ', "\\ensuremath{\\chi}"),
    ('ψ', "\\ensuremath{\\psi}"),
    ('ω', "\\ensuremath{\\omega}"),
    ('\u{2009}', "\\,"),
    ('‐', "-"),
    ('‑', "-"),
    ('–', "\\textendash{}"),
    ('—', "\\textemdash{}"),
    ('‘', "\\textquoteleft{}"),
    ('’', "\\textquoteright{}"),
    ('‚', "\\quotesinglbase{}"),
    ('“', "\\textquotedblleft{}"),
    ('”', "\\textquotedblright{}"),
    ('„', "\\quotedblbase{}"),
    ('†', "\\ensuremath{\\dagger}"),
    ('‡', "\\ensuremath{\\ddagger}"),
    ('•', "\\textbullet{}"),
    ('…', "\\dots{}"),
    ('\u{202f}', "~"),
    ('′', "\\ensuremath{{}'}"),
    ('‹', "\\guilsinglleft{}"),
    ('›', "\\guilsinglright{}"),
    ('⁰', "\\ensuremath{{}^{0}}"),
    ('⁻', "\\ensuremath{{}^{-}}"),
    ('₀', "\\ensuremath{{}_{0}}"),
    ('₁', "\\ensuremath{{}_{1}}"),
    ('₂', "\\ensuremath{{}_{2}}"),
    ('€', "\\texteuro{}"),
    ('ℓ', "\\ensuremath{\\ell}"),
    ('™', "\\texttrademark{}"),
    ('←', "\\ensuremath{\\leftarrow}"),
    ('↑', "\\ensuremath{\\uparrow}"),
    ('→', "\\ensuremath{\\rightarrow}"),
    ('↓', "\\ensuremath{\\downarrow}"),
    ('∂', "\\ensuremath{\\partial}"),
    ('∈', "\\ensuremath{\\in}"),
    ('∑', "\\ensuremath{\\sum}"),
    ('−', "\\ensuremath{-}"),
    ('√', "\\ensuremath{\\surd}"),
    ('∞', "\\ensuremath{\\infty}"),
    ('∧', "\\ensuremath{\\wedge}"),
    ('∨', "\\ensuremath{\\vee}"),
    ('∼', "\\ensuremath{\\sim}"),
    ('≈', "\\ensuremath{\\approx}"),
    ('≠', "\\ensuremath{\\neq}"),
    ('≡', "\\ensuremath{\\equiv}"),
    ('≤', "\\ensuremath{\\leq}"),
    ('≥', "\\ensuremath{\\geq}"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_said_cannot_act_in_latex() {
        assert_eq!(
            escaped("\\input{x} $&#^_~% a[b]"),
            "\\textbackslash{}input\\{x\\} \\$\\&\\#\\textasciicircum{}\\_\\textasciitilde{}\\% a{[}b{]}"
        );
        assert_eq!(escaped("--x ?`"), "-{}-x ?{}\\textasciigrave{}");
    }

    #[test]
    fn what_the_fonts_lack_stands_as_its_code_point() {
        assert_eq!(
            escaped("é\u{202e}\u{7}"),
            "é\\cruciblechar{202E}\\allowbreak{}\\cruciblechar{0007}"
        );
        assert_eq!(escaped("😀 水"), "\\cruciblechar{1F600} \\cruciblechar{6C34}");
        assert_eq!(escaped("ħ"), "\\cruciblechar{0127}");
        assert_eq!(
            escaped("−4 ≤ α"),
            "\\ensuremath{-}4 \\ensuremath{\\leq} \\ensuremath{\\alpha}"
        );
    }

    #[test]
    fn long_words_may_end_a_line_and_short_ones_stay_whole() {
        assert_eq!(escaped("inconclusive"), "inconclusive");
        assert_eq!(
            escaped("abcdef0123456789"),
            "abcdef\\allowbreak{}012345\\allowbreak{}6789"
        );
    }

    #[test]
    fn the_signs_are_in_order() {
        assert!(SIGNS.is_sorted_by_key(|(sign, _)| *sign));
    }

    #[test]
    fn no_text_leaves_a_character_that_pdflatex_does_not_know() {
        for code in 0..=0x1_ffff {
            let Some(character) = char::from_u32(code) else { continue };
            for left in escaped(&character.to_string()).chars() {
                let known = (' '..='~').contains(&left)
                    || matches!(left, '\u{c0}'..='\u{17f}' | '¡' | '¿' | '«' | '»');
                assert!(known, "U+{code:04X} leaves {left:?}");
            }
        }
    }
}
