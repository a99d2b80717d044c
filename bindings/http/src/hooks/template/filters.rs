//! The engine's filters with bounds. Its fuel counts a call of a filter as one step, however much that takes or makes.

use std::sync::LazyLock;

use minijinja::value::{Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// The most bytes or items that one call may be asked to work on.
const MAX_SIZE: usize = 1 << 26;

/// The widest field of `format`.
const MAX_WIDTH: usize = 10_000;

/// Those that go through a list, or make a text or a list whose length an argument decides.
const BOUNDED: [&str; 29] = [
    "batch",
    "chain",
    "dictsort",
    "first",
    "format",
    "groupby",
    "indent",
    "items",
    "join",
    "last",
    "lines",
    "list",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "unique",
    "zip",
];

/// The same filters without bounds.
static UNBOUNDED: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine
});

/// Bounds the filters of this engine. A call that asks for more runs out of fuel.
pub(super) fn bound(engine: &mut Environment<'static>) {
    for name in BOUNDED {
        engine.add_filter(name, move |arguments: Rest<Value>| {
            match asked_size(&arguments) <= MAX_SIZE && (name != "format" || widths_fit(&arguments)) {
                true => UNBOUNDED.empty_state().apply_filter(name, &arguments),
                false => Err(Error::from(ErrorKind::OutOfFuel)),
            }
        });
    }
}

/// How much a call can be asked for at most: the length of its value, times each argument that is a length or has one.
fn asked_size(arguments: &[Value]) -> usize {
    let Some((value, others)) = arguments.split_first() else { return 0 };
    others.iter().fold(length(value), |size, argument| size.saturating_mul(factor(argument)))
}

fn factor(argument: &Value) -> usize {
    if argument.is_kwargs() {
        let names = argument.try_iter().into_iter().flatten();
        let values = names.filter_map(|name| argument.get_item(&name).ok());
        return values.fold(1, |size, value| size.saturating_mul(factor(&value)));
    }
    match argument.kind() {
        // One that is no whole number, or is less than zero, is no length.
        ValueKind::Number => argument.as_usize().unwrap_or(1).max(1),
        _ => length(argument),
    }
}

/// Bytes of a text, items of a list; at least one.
fn length(value: &Value) -> usize {
    value.as_str().map(str::len).or_else(|| value.len()).unwrap_or(1).max(1)
}

fn widths_fit(arguments: &[Value]) -> bool {
    let format = arguments.first().and_then(Value::as_str).unwrap_or_default();
    let mut numbers = format.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    numbers.all(|digits| digits.parse::<usize>().is_ok_and(|width| width <= MAX_WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> Result<String, ErrorKind> {
        let mut engine = Environment::new();
        bound(&mut engine);
        let body = minijinja::context! { n => 1_000_000_000_000_u64, text => "a\n".repeat(1 << 18), list => vec![0; 1 << 18] };
        engine.render_str(template, body).map_err(|error| error.kind())
    }

    #[test]
    fn a_filter_that_is_asked_for_too_much_is_not_called() {
        for template in [
            "{{ list|batch(n) }}",
            "{{ list|slice(n) }}",
            "{{ 'a'|indent(n) }}",
            "{{ 'a'|indent(width=n) }}",
            "{{ text|indent(1000) }}",
            "{{ '%99999999s'|format('a') }}",
            "{{ text|replace('a', text) }}",
            "{{ list|join(text) }}",
            "{{ ([0] * n)|list }}",
            "{{ ([0] * n)|sum }}",
            "{{ ([0] * n)|map('string')|first }}",
            "{{ ['a']|map('indent', n)|list }}",
        ] {
            assert_eq!(rendered(template).unwrap_err(), ErrorKind::OutOfFuel, "{template}");
        }
    }

    #[test]
    fn what_a_message_needs_is_as_ever() {
        for (template, text) in [
            ("{{ [3, 1, 2]|sort|join(', ') }}", "1, 2, 3"),
            ("{{ 'a\nb'|indent(2) }}", "a\n  b"),
            ("{{ 'a\nb'|indent(width=2, first=true) }}", "  a\n  b"),
            ("{{ '%.2f %s'|format(1.5, 'GB') }}", "1.50 GB"),
            ("{{ text|replace('a', 'b')|length }}", "524288"),
            ("{{ list|length }} {{ list|sum }}", "262144 0"),
            ("{{ [1, 2, 3]|batch(2)|list }}", "[[1, 2], [3]]"),
            ("{{ [{'n': 'x'}]|map(attribute='n')|join }}", "x"),
            ("{{ [1, 2]|select('odd')|list }}", "[1]"),
        ] {
            assert_eq!(rendered(template).unwrap(), text, "{template}");
        }
    }

    #[test]
    fn the_engine_bounds_what_is_no_filter() {
        for (template, kind) in [
            ("{{ 'x' * n }}", ErrorKind::InvalidOperation),
            ("{{ 'x' * 10**9 }}", ErrorKind::InvalidOperation),
            ("{% for one in range(10**9) %}x{% endfor %}", ErrorKind::InvalidOperation),
        ] {
            assert_eq!(rendered(template).unwrap_err(), kind, "{template}");
        }
    }
}
