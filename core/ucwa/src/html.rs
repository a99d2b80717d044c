//! Html as plain text, for clients that take no html.

/// The plain text of html. Html without any text is returned unchanged.
pub fn html_to_plain(html: &str) -> String {
    let text = nanohtml2text::html2text(html).replace("\r\n", "\n");
    if text.trim().is_empty() { html.to_owned() } else { text.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_readable_text() {
        assert_eq!(html_to_plain("<p>Disk <b>full</b> on db7</p>"), "Disk full on db7");
        assert_eq!(html_to_plain("a &lt; b<br>c"), "a < b\nc");
        assert_eq!(
            html_to_plain("<style>p{}</style>Grüße, <a href=\"https://db7/\">db7</a> 😀"),
            "Grüße, db7 (https://db7/) 😀"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_html_becomes_some_text(html in "(<[a-z/!]{0,4}|[&;>\"'= a-zä😀]|</?(p|br|a|style|script)>){0,20}") {
            let _ = html_to_plain(&html);
        }
    }
}
