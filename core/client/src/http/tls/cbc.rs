//! The cipher suites of TLS 1.2 with ECDHE and AES-CBC, for servers that have nothing newer: Windows Server 2012 and 2012 R2
//! with an RSA certificate, old load balancers. Source: RFC 5246, 6.2.3.2 and 6.3; RFC 4492; RFC 5289.
//!
//! rustls has only AEAD suites. These compute an HMAC, pad and encrypt, in this order, which is safe only if timing does not
//! reveal why a forged record was refused (Lucky Thirteen).

use std::marker::PhantomData;

use aes::cipher::block_padding::NoPadding;
use aes::cipher::consts::U16;
use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser, InnerIvInit,
    KeyInit,
};
use aes::{Aes128, Aes256};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, KeyBlockShape, MessageDecrypter, MessageEncrypter,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls12AeadAlgorithm,
    UnsupportedOperationError, make_tls12_aad,
};
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
};
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, Error, SupportedCipherSuite, Tls12CipherSuite,
};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};

/// The size of a block, and of the initialisation vector at the start of each record.
const BLOCK: usize = 16;

/// The largest content of a record.
const MAX_CONTENT: usize = 1 << 14;

/// Offered in this order, after the suites of rustls.
pub(super) const SUITES: [SupportedCipherSuite; 6] = [
    SupportedCipherSuite::Tls12(&ECDSA_AES_128_SHA256),
    SupportedCipherSuite::Tls12(&RSA_AES_128_SHA256),
    SupportedCipherSuite::Tls12(&ECDSA_AES_256_SHA),
    SupportedCipherSuite::Tls12(&RSA_AES_256_SHA),
    SupportedCipherSuite::Tls12(&ECDSA_AES_128_SHA),
    SupportedCipherSuite::Tls12(&RSA_AES_128_SHA),
];

static ECDSA_AES_128_SHA256: Tls12CipherSuite = suite(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    &TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    &AES_128_SHA256,
);
static RSA_AES_128_SHA256: Tls12CipherSuite = suite(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    &TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    &AES_128_SHA256,
);
static ECDSA_AES_256_SHA: Tls12CipherSuite = suite(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    &TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    &AES_256_SHA1,
);
static RSA_AES_256_SHA: Tls12CipherSuite = suite(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    &TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    &AES_256_SHA1,
);
static ECDSA_AES_128_SHA: Tls12CipherSuite = suite(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    &TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    &AES_128_SHA1,
);
static RSA_AES_128_SHA: Tls12CipherSuite = suite(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    &TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    &AES_128_SHA1,
);

static AES_128_SHA256: HmacThenCbc<Aes128> =
    HmacThenCbc { mac: &hmac::HMAC_SHA256, mac_len: 32, key_len: 16, cipher: PhantomData };
static AES_256_SHA1: HmacThenCbc<Aes256> =
    HmacThenCbc { mac: &hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, mac_len: 20, key_len: 32, cipher: PhantomData };
static AES_128_SHA1: HmacThenCbc<Aes128> =
    HmacThenCbc { mac: &hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, mac_len: 20, key_len: 16, cipher: PhantomData };

/// As the suite with AES-128-GCM, apart from the protection of records: the same key exchange and signatures, and SHA-256 for
/// key derivation and transcript, also where records are protected with HMAC-SHA1.
const fn suite(
    suite: CipherSuite,
    gcm: &SupportedCipherSuite,
    aead_alg: &'static dyn Tls12AeadAlgorithm,
) -> Tls12CipherSuite {
    let SupportedCipherSuite::Tls12(gcm) = gcm else { panic!("a suite of TLS 1.2") };
    Tls12CipherSuite {
        common: CipherSuiteCommon {
            suite,
            hash_provider: gcm.common.hash_provider,
            confidentiality_limit: gcm.common.confidentiality_limit,
        },
        prf_provider: gcm.prf_provider,
        kx: gcm.kx,
        sign: gcm.sign,
        aead_alg,
    }
}

/// An HMAC and AES in CBC mode.
struct HmacThenCbc<C> {
    mac: &'static hmac::Algorithm,
    mac_len: usize,
    key_len: usize,
    cipher: PhantomData<fn() -> C>,
}

/// One direction of a connection.
struct Records<C> {
    mac: hmac::Key,
    mac_len: usize,
    cipher: C,
}

impl<C: KeyInit> HmacThenCbc<C> {
    fn records(&self, mac_key: &AeadKey, key: &[u8]) -> Records<C> {
        let mac_key = mac_key.as_ref().get(..self.mac_len).unwrap_or_default();
        let cipher =
            C::new_from_slice(key).unwrap_or_else(|_| unreachable!("keys are as long as was asked for"));
        Records { mac: hmac::Key::new(*self.mac, mac_key), mac_len: self.mac_len, cipher }
    }
}

impl<C> Tls12AeadAlgorithm for HmacThenCbc<C>
where
    C: KeyInit
        + BlockSizeUser<BlockSize = U16>
        + BlockCipherEncrypt
        + BlockCipherDecrypt
        + Clone
        + Send
        + Sync
        + 'static,
{
    fn encrypter(&self, key: AeadKey, iv: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(self.records(&key, iv))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(self.records(&key, iv))
    }

    /// The key block has both MAC keys, then both cipher keys, and since TLS 1.1 no vectors. rustls knows no MAC keys; what it
    /// calls key and vector are at the same offsets.
    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape { enc_key_len: self.mac_len, fixed_iv_len: self.key_len, explicit_nonce_len: 0 }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

impl<C: BlockSizeUser<BlockSize = U16> + BlockCipherEncrypt + Clone + Send + Sync> MessageEncrypter
    for Records<C>
{
    fn encrypt(&mut self, msg: OutboundPlainMessage<'_>, seq: u64) -> Result<OutboundOpaqueMessage, Error> {
        let mut iv = [0; BLOCK];
        SystemRandom::new().fill(&mut iv).map_err(|_| Error::FailedToGetRandomBytes)?;
        let total = self.encrypted_payload_len(msg.payload.len());
        let mut payload = PrefixedPayload::with_capacity(total);
        payload.extend_from_slice(&iv);
        payload.extend_from_chunks(&msg.payload);
        let mut mac = hmac::Context::with_key(&self.mac);
        mac.update(&make_tls12_aad(seq, msg.typ, msg.version, msg.payload.len()));
        mac.update(payload.as_ref().get(BLOCK..).unwrap_or_default());
        payload.extend_from_slice(mac.sign().as_ref());
        let padding = total - payload.as_ref().len();
        payload.extend_from_slice(&vec![(padding - 1) as u8; padding]);
        let records = payload.as_mut().get_mut(BLOCK..).unwrap_or_default();
        let whole = records.len();
        cbc::Encryptor::inner_iv_init(self.cipher.clone(), &iv.into())
            .encrypt_padded::<NoPadding>(records, whole)
            .map_err(|_| Error::EncryptError)?;
        Ok(OutboundOpaqueMessage::new(msg.typ, msg.version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        BLOCK + (payload_len + self.mac_len + 1).next_multiple_of(BLOCK)
    }
}

impl<C: BlockSizeUser<BlockSize = U16> + BlockCipherDecrypt + Clone + Send + Sync> MessageDecrypter
    for Records<C>
{
    fn decrypt<'a>(
        &mut self,
        mut msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let (typ, version) = (msg.typ, msg.version);
        let (iv, body) = msg.payload.split_first_chunk_mut::<BLOCK>().ok_or(Error::DecryptError)?;
        cbc::Decryptor::inner_iv_init(self.cipher.clone(), &(*iv).into())
            .decrypt_padded::<NoPadding>(body)
            .map_err(|_| Error::DecryptError)?;
        let content = self.content(body, |len| make_tls12_aad(seq, typ, version, len))?;
        match content > MAX_CONTENT {
            true => Err(Error::PeerSentOversizedRecord),
            false => Ok(msg.into_plain_message_range(BLOCK..BLOCK + content)),
        }
    }
}

impl<C> Records<C> {
    /// The length of the content of a decrypted record, if its padding and its MAC are right.
    ///
    /// It runs in constant time: what it does depends on the length of the record alone, not on its bytes. The MAC is
    /// calculated for every possible length of the padding, at most 256.
    fn content(&self, body: &[u8], about: impl Fn(usize) -> [u8; 13]) -> Result<usize, Error> {
        // These lengths are public, as that of the record is.
        let max_content = body.len().checked_sub(self.mac_len + 1).ok_or(Error::DecryptError)?;
        let max_padding = max_content.min(255);
        let (common, rest) = body.split_at(max_content - max_padding);

        let last = body.last().copied().unwrap_or_default();
        let mut good = !last.ct_gt(&(max_padding as u8));
        let padding = u8::conditional_select(&0, &last, good);
        for (at, byte) in (0_u8..=255).zip(body.iter().rev()).take(max_padding + 1) {
            good &= at.ct_gt(&padding) | byte.ct_eq(&padding);
        }

        let content = max_content - usize::from(padding);
        let mut prefix = hmac::Context::with_key(&self.mac);
        prefix.update(&about(content));
        prefix.update(common);
        let mut authentic = Choice::from(0);
        for (length, end) in (0_u8..=255).zip((0..=max_padding).rev()) {
            let (content, mac) = rest.split_at(end);
            let mut mac_of_length = prefix.clone();
            mac_of_length.update(content);
            let mac = mac.get(..self.mac_len).unwrap_or_default();
            authentic |= mac_of_length.sign().as_ref().ct_eq(mac) & length.ct_eq(&padding);
        }
        match bool::from(good & authentic) {
            true => Ok(content),
            false => Err(Error::DecryptError),
        }
    }
}

#[cfg(test)]
mod tests;
