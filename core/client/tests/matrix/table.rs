//! The file of expected outcomes.

use std::collections::HashMap;

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
                    let outcome =
                        lines.get(&key(from)).unwrap_or_else(|| panic!("line {}", number + 1)).clone();
                    lines.insert(key(name), outcome);
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
                assert!(lines.contains_key(&key), "[{}] says nothing of {fault}", row.name);
            }
        }
        Self(lines)
    }

    /// What is expected; `None` for what is not tried.
    pub(crate) fn of(&self, row: &str, fault: &str, every: bool) -> Option<&str> {
        let outcome = &self.0[&(row.to_owned(), fault.to_owned())][usize::from(every)];
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
