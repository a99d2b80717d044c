//! The value of a `Content-Type`: the media type and its parameters.

/// The media type without its parameters, in lower case.
pub(crate) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The value of a parameter, without quotes of either kind: clients quote in both.
pub(crate) fn parameter<'a>(content_type: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = content_type.split(';').skip(1).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| found.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_and_its_parameters_are_read() {
        let content_type = "Text/Plain ; Charset=\"utf-16\";boundary='x'";
        assert_eq!(essence(content_type), "text/plain");
        assert_eq!(parameter(content_type, "charset"), Some("utf-16"));
        assert_eq!(parameter(content_type, "boundary"), Some("x"));
        assert_eq!(parameter("charset=utf-8", "charset"), None);
        assert_eq!((essence(""), parameter("", "charset")), (String::new(), None));
    }
}
