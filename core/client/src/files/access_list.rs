//! Who can get at a file, by its security descriptor in the definition language of Windows (SDDL), for example
//! `O:BAD:(A;;FA;;;SY)(A;ID;FR;;;WD)`: the owner, then an entry a rule.

/// SYSTEM and the Administrators, who can take any file, and what stands for the owner of a file.
const TRUSTED: [&str; 4] = ["SY", "BA", "OW", "CO"];

/// Who is not trusted with a file that is `me`'s.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stranger<'a> {
    /// Its owner, who can allow anything.
    Owner,
    /// These have an entry that allows something.
    Allowed(Vec<&'a str>),
    /// It has no access list: everybody may do anything.
    Anybody,
}

/// Identifiers are as the language has them: `SY`, or `S-1-5-…` where there is no abbreviation.
pub(super) fn stranger<'a>(descriptor: &'a str, me: &str) -> Option<Stranger<'a>> {
    let is_trusted = |who: &str| who == me || TRUSTED.contains(&who);
    let Some((owner, list)) = descriptor.strip_prefix("O:").and_then(|rest| rest.split_once("D:")) else {
        return Some(Stranger::Anybody);
    };
    if !is_trusted(owner) {
        return Some(Stranger::Owner);
    }
    // Before the first entry, flags; among them that there is no list.
    if list.split('(').next().is_some_and(|flags| flags.contains("NO_ACCESS_CONTROL")) {
        return Some(Stranger::Anybody);
    }
    let allowed = list.split('(').skip(1).filter_map(|entry| {
        // Type; flags; rights; object; inherited object; whom. A condition follows in an entry of its own.
        let fields: Vec<_> = entry.trim_end_matches(')').split(';').collect();
        let (kind, who) = (fields[0], *fields.get(5)?);
        (kind != "D" && !is_trusted(who)).then_some(who)
    });
    let mut allowed: Vec<_> = allowed.collect();
    allowed.dedup();
    (!allowed.is_empty()).then_some(Stranger::Allowed(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: &str = "S-1-5-21-1-2-3-1001";

    #[test]
    fn only_the_owner_the_system_and_administrators_may_be_on_the_list() {
        let other = "S-1-5-21-1-2-3-1002";
        for (descriptor, expected) in [
            (format!("O:{ME}D:(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;{ME})"), None),
            (format!("O:BAD:PAI(A;;FA;;;{ME})"), None),
            (format!("O:{ME}D:P(A;OICIIO;GA;;;CO)(D;;FA;;;WD)"), None),
            // An empty list: nobody may do anything, but the owner may change that.
            (format!("O:{ME}D:"), None),
            (format!("O:{other}D:(A;;FA;;;{ME})"), Some(Stranger::Owner)),
            (format!("O:WDD:(A;;FA;;;{ME})"), Some(Stranger::Owner)),
            (format!("O:{ME}D:(A;;FA;;;{ME})(A;ID;0x1200a9;;;BU)"), Some(Stranger::Allowed(vec!["BU"]))),
            (
                format!("O:{ME}D:(A;;FR;;;{other})(A;;FW;;;{other})(A;;FA;;;WD)"),
                Some(Stranger::Allowed(vec![other, "WD"])),
            ),
            (format!("O:{ME}D:(XA;;FR;;;WD;(Member_of {{SID(BA)}}))"), Some(Stranger::Allowed(vec!["WD"]))),
            (format!("O:{ME}D:NO_ACCESS_CONTROL"), Some(Stranger::Anybody)),
            (format!("O:{ME}"), Some(Stranger::Anybody)),
            (String::new(), Some(Stranger::Anybody)),
        ] {
            assert_eq!(stranger(&descriptor, ME), expected, "{descriptor}");
        }
    }
}
