//! The cache of TLS configurations. Each holds the authorities of the operating system, some hundred KiB that take milliseconds
//! to read.

use std::sync::Mutex;

use once_cell::race::OnceBox;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;

use crate::tls::Tls;

/// How many configurations with private authorities are cached.
const MAX_PRIVATE: usize = 8;

type Certificates = Vec<CertificateDer<'static>>;

/// One configuration for all accounts with the same options and authorities.
#[derive(Default)]
pub(crate) struct TlsConfigs {
    /// With the operating system's authorities alone.
    current: OnceBox<ClientConfig>,
    compatible: OnceBox<ClientConfig>,
    /// With private authorities too, the newest first.
    private: Mutex<Vec<((Tls, Certificates), ClientConfig)>>,
}

impl TlsConfigs {
    /// The configuration that trusts `extra` besides the operating system's authorities; `build` makes it on a miss.
    pub(crate) fn get(
        &self,
        tls: Tls,
        extra: Certificates,
        build: impl FnOnce(Tls, Certificates) -> ClientConfig,
    ) -> ClientConfig {
        if extra.is_empty() {
            let system = match tls {
                Tls::Current => &self.current,
                Tls::Compatible => &self.compatible,
            };
            return system.get_or_init(|| Box::new(build(tls, extra))).clone();
        }
        let key = (tls, extra);
        if let Ok(cached) = self.private.try_lock()
            && let Some((_, config)) = cached.iter().find(|(known, _)| *known == key)
        {
            return config.clone();
        }
        let config = build(tls, key.1.clone());
        if let Ok(mut cached) = self.private.try_lock() {
            cached.truncate(MAX_PRIVATE - 1);
            cached.insert(0, (key, config.clone()));
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How many configurations are built for these authorities.
    fn built(configs: &TlsConfigs, wanted: &[(Tls, u8)]) -> usize {
        let count = Cell::new(0);
        for (tls, authority) in wanted {
            let extra = (*authority > 0).then(|| CertificateDer::from(vec![*authority; 8]));
            configs.get(*tls, extra.into_iter().collect(), |_, _| {
                count.set(count.get() + 1);
                let roots = rustls::RootCertStore::empty();
                let provider = rustls::crypto::ring::default_provider().into();
                let builder =
                    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
                builder.unwrap().with_root_certificates(roots).with_no_client_auth()
            });
        }
        count.get()
    }

    #[test]
    fn accounts_with_the_same_authorities_have_one_configuration() {
        use Tls::{Compatible, Current};
        for authority in [0, 1] {
            let configs = TlsConfigs::default();
            let wanted =
                [(Current, authority), (Current, authority), (Compatible, authority), (Current, authority)];
            assert_eq!(built(&configs, &wanted), 2);
            assert_eq!(built(&TlsConfigs::default(), &wanted), 2, "another cache shares none");
            assert_eq!(built(&configs, &[(Current, 2)]), 1);
        }
    }

    #[test]
    fn the_oldest_is_evicted_and_a_cache_that_a_fork_left_locked_is_not_waited_for() {
        let (configs, one) = (TlsConfigs::default(), [(Tls::Current, 1)]);
        let many: Vec<_> = (1..=MAX_PRIVATE as u8).map(|authority| (Tls::Current, authority)).collect();
        assert_eq!(built(&configs, &many), MAX_PRIVATE);
        assert_eq!(built(&configs, &one), 0);
        assert_eq!(built(&configs, &[(Tls::Current, 100)]), 1);
        assert_eq!(built(&configs, &[one, one].concat()), 1, "built again and cached");
        let _locked = configs.private.lock().unwrap();
        assert_eq!(built(&configs, &[one, one].concat()), 2);
    }
}
