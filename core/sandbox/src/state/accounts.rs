//! Who may sign in.

use std::collections::HashMap;
use std::fmt;

use crate::values::address;

/// The declared accounts: address to password. If there are none, any account may sign in.
#[derive(Clone, Default)]
pub(crate) struct Accounts(pub(crate) HashMap<String, String>);

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Refused for every account unless accounts are declared, so that a failed sign-in can be tried without set-up.
const WRONG_PASSWORD: &str = "wrong";

impl Accounts {
    /// The address of the account with this user name and password.
    pub(crate) fn sign_in(&self, name: &str, password: &str) -> Option<String> {
        let address = address::from_sign_in_name(name);
        if self.0.is_empty() {
            let accepted = !address::local_part(&address).is_empty() && password != WRONG_PASSWORD;
            return accepted.then_some(address);
        }
        // DOMAIN\user and a bare name mean the declared user with that local part.
        let (declared, expected) = self.0.get_key_value(&address).or_else(|| {
            let local = address::local_part(&address);
            let bare_name = !name.contains('@');
            self.0.iter().find(|(user, _)| bare_name && address::local_part(user) == local)
        })?;
        (expected == password).then(|| declared.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_password_but_one_signs_in_where_no_user_is_declared() {
        let accounts = Accounts::default();
        assert_eq!(accounts.sign_in("Tosh@contoso.com", "x").as_deref(), Some("tosh@contoso.com"));
        assert_eq!(accounts.sign_in("tosh@contoso.com", WRONG_PASSWORD), None);
    }

    #[test]
    fn a_declared_user_signs_in_with_any_form_of_the_name() {
        let accounts = Accounts([("lenea@fabrikam.com".to_owned(), "right".to_owned())].into());
        for name in ["sip:Lenea@fabrikam.com", "FABRIKAM\\lenea", "lenea"] {
            assert_eq!(accounts.sign_in(name, "right").as_deref(), Some("lenea@fabrikam.com"), "{name}");
        }
        assert_eq!(accounts.sign_in("lenea", "wrong"), None);
        assert_eq!(accounts.sign_in("lenea@contoso.com", "right"), None);
        assert!(!format!("{accounts:?}").contains("right"));
    }
}
