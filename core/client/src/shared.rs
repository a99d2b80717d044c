//! What accounts remember across calls. Discovery, sign-in and transport fill these caches.
//!
//! Their locks are tried, never waited for: a fork may leave one locked in the child for ever. A cache miss costs a discovery
//! or some milliseconds.

use std::fmt;
use std::sync::Arc;

use once_cell::race::OnceBox;

use self::attempts::Attempts;
use self::pools::Pools;
use self::tls_configs::TlsConfigs;

pub(crate) mod attempts;
mod pools;
mod tls_configs;

/// What accounts remember across calls: where their servers are, which passwords were refused, and TLS configurations.
///
/// There is [one per process](Self::process), and every account uses it. Another can be given to an account
/// ([`Account::shared`](crate::Account::shared)): in tests, which then do not see each other, or for tenants who must not learn
/// from each other which names rest. Of a refused password only a keyed hash is stored.
///
/// ```
/// use std::sync::Arc;
/// use send_im::{Account, Shared};
///
/// let tenant = Arc::new(Shared::new());
/// let tosh = Account::with_password("tosh@contoso.com", "secret").shared(tenant.clone());
/// let lenea = Account::with_password("lenea@contoso.com", "secret").shared(tenant);
/// ```
#[derive(Default)]
pub struct Shared {
    pub(crate) pools: Pools,
    pub(crate) attempts: Attempts,
    pub(crate) tls_configs: TlsConfigs,
}

impl Shared {
    /// One that remembers nothing yet.
    ///
    /// ```
    /// let tenant = std::sync::Arc::new(send_im::Shared::new());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The one of this process, which an account uses where none is given to it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use send_im::Shared;
    ///
    /// assert!(Arc::ptr_eq(&Shared::process(), &Shared::process()));
    /// ```
    pub fn process() -> Arc<Self> {
        // Without a lock: after a fork while another thread fills it, the child would wait for ever.
        static PROCESS: OnceBox<Arc<Shared>> = OnceBox::new();
        PROCESS.get_or_init(Box::default).clone()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
