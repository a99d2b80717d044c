//! The file of expected outcomes.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;

use crate::faults::FAULTS;
use crate::rows::ROWS;

/// Outcomes once and every time, by row and fault.
pub(crate) struct Expected(HashMap<(String, String), [String; 2]>);

impl Expected {
    /// Reads the file, which must name every row and every fault and nothing else.
    pub(crate) fn read(text: &str) -> Self {
        let mut lines: HashMap<(String, String), [String; 2]> = HashMap::new();
        let mut row = String::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(head) = line.strip_prefix('[') {
                let (name, from) = head
                    .trim_end_matches(']')
                    .split_once("] = [")
                    .unwrap_or((head.trim_end_matches(']'), ""));
                name.clone_into(&mut row);
                assert!(ROWS.iter().any(|known| known.name == name), "line {}: no row {name}", number + 1);
                for fault in FAULTS.iter().filter(|_| !from.is_empty()) {
                    let key = |row: &str| (row.to_owned(), (*fault).to_owned());
                    if let Some(outcome) = lines.get(&key(from)).cloned() {
                        lines.insert(key(name), outcome);
                    }
                }
                continue;
            }
            let (fault, outcomes) = line.split_once(' ').unwrap();
            assert!(FAULTS.contains(&fault), "line {}: no fault {fault}", number + 1);
            let (once, every) = outcomes.split_once('|').unwrap_or((outcomes, outcomes));
            let outcomes = [once.trim().to_owned(), every.trim().to_owned()];
            lines.insert((row.clone(), fault.to_owned()), outcomes);
        }
        for row in ROWS {
            for fault in FAULTS {
                let key = (row.name.to_owned(), (*fault).to_owned());
                let told = lines.contains_key(&key) || fault.contains("_gw");
                assert!(told, "[{}] says nothing of {fault}", row.name);
            }
        }
        Self(lines)
    }

    /// What is expected; `None` for what is not tried.
    pub(crate) fn of(&self, row: &str, fault: &str, every: bool) -> Option<&str> {
        let outcome = &self.0.get(&(row.to_owned(), fault.to_owned()))?[usize::from(every)];
        (outcome != "-").then_some(outcome)
    }
}

/// Prints outcomes in the form of the file.
#[allow(clippy::print_stdout)] // This is what it is asked for.
pub(crate) fn print(seen: &HashMap<(&str, &str, bool), String>) {
    for row in ROWS {
        println!("[{}]", row.name);
        for fault in FAULTS {
            let of = |every| seen.get(&(row.name, *fault, every)).map_or("-", String::as_str);
            match (of(false), of(true)) {
                (once, every) if once == every => println!("{fault:<12} {once}"),
                (once, every) => println!("{fault:<12} {once} | {every}"),
            }
        }
        println!();
    }
}

/// Shows the whole matrix on one screen, also where the harness keeps the output of tests that pass.
///
/// `wrong` are the cells that are not as expected.
pub(crate) fn show(seen: &HashMap<(&str, &str, bool), String>, wrong: &HashSet<(&str, &str, bool)>) {
    let mut shown = String::from(
        "\nEach request times each fault, once and every time: d delivered, n not sent, m maybe sent, - not tried, \
         ! not as expected\n",
    );
    for (number, row) in ROWS.iter().enumerate() {
        let _ = writeln!(shown, "{:>4} {}", number + 1, row.name);
    }
    let _ = write!(shown, "{:<12}", "");
    for number in 1..=ROWS.len() {
        let _ = write!(shown, " {number:>2}");
    }
    for fault in FAULTS {
        let _ = write!(shown, "\n{fault:<12}");
        for row in ROWS {
            let letter = |every| {
                let cell = (row.name, *fault, every);
                let outcome = seen.get(&cell).map(String::as_str);
                if wrong.contains(&cell) { '!' } else { outcome.map_or('-', letter) }
            };
            let _ = write!(shown, " {}{}", letter(false), letter(true));
        }
    }
    let _ = writeln!(shown, "\n{} cells, {} not as expected", seen.len(), wrong.len());
    let _ = std::io::stdout().write_all(shown.as_bytes());
}

fn letter(outcome: &str) -> char {
    let has = |word| outcome.split([' ', ',']).any(|part| part == word);
    if has("delivered") {
        'd'
    } else if has("no") {
        'n'
    } else {
        'm'
    }
}
