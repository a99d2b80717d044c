//! Records against those made by hand, and what must not be taken for one.

use rustls::crypto::cipher::OutboundChunks;
use rustls::{ContentType, ProtocolVersion};

use super::*;

const TYPE: ContentType = ContentType::ApplicationData;
const VERSION: ProtocolVersion = ProtocolVersion::TLSv1_2;
const SEQ: u64 = 7;

const ALL: [(&dyn Tls12AeadAlgorithm, &HmacLike); 3] = [
    (&AES_128_SHA256, &(&hmac::HMAC_SHA256, 32, 16)),
    (&AES_256_SHA1, &(&hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, 20, 32)),
    (&AES_128_SHA1, &(&hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, 20, 16)),
];
type HmacLike = (&'static hmac::Algorithm, usize, usize);

fn key() -> AeadKey {
    AeadKey::from([5; 32])
}

fn open(of: &dyn Tls12AeadAlgorithm, key_len: usize, record: &[u8]) -> Result<Vec<u8>, Error> {
    let mut record = record.to_vec();
    let message = InboundOpaqueMessage::new(TYPE, VERSION, &mut record);
    let plain = of.decrypter(key(), &[9; 32][..key_len]).decrypt(message, SEQ)?;
    Ok(plain.payload.to_vec())
}

/// A record as RFC 5246 has it, with any bytes in the place of the padding and its length.
fn sealed(&(mac, mac_len, key_len): &HmacLike, content: &[u8], padding: &[u8]) -> Vec<u8> {
    let mut signed = make_tls12_aad(SEQ, TYPE, VERSION, content.len()).to_vec();
    signed.extend_from_slice(content);
    let tag = hmac::sign(&hmac::Key::new(*mac, &[5; 32][..mac_len]), &signed);
    let mut body = [content, tag.as_ref(), padding].concat();
    let (whole, iv, key) = (body.len(), [3; BLOCK], [9; 32]);
    match key_len {
        16 => cbc::Encryptor::inner_iv_init(Aes128::new_from_slice(&key[..16]).unwrap(), &iv.into())
            .encrypt_padded::<NoPadding>(&mut body, whole)
            .unwrap(),
        _ => cbc::Encryptor::inner_iv_init(Aes256::new_from_slice(&key).unwrap(), &iv.into())
            .encrypt_padded::<NoPadding>(&mut body, whole)
            .unwrap(),
    };
    [iv.as_slice(), &body].concat()
}

#[test]
fn what_is_sealed_is_opened_whatever_its_length() {
    for (of, (_, _, key_len)) in ALL {
        for length in (0..300).chain([MAX_CONTENT - 1, MAX_CONTENT]) {
            let content = vec![b'x'; length];
            let message = OutboundPlainMessage {
                typ: TYPE,
                version: VERSION,
                payload: OutboundChunks::from(content.as_slice()),
            };
            let mut encrypter = of.encrypter(key(), &[9; 32][..*key_len], &[]);
            let expected = encrypter.encrypted_payload_len(length);
            let record = encrypter.encrypt(message, SEQ).unwrap().payload.as_ref().to_vec();
            assert_eq!(record.len(), expected);
            assert!(open(of, *key_len, &record).unwrap() == content, "{length}");
        }
    }
}

#[test]
fn every_padding_of_the_standard_is_taken_and_no_other() {
    for (of, like) in ALL {
        let (_, mac_len, key_len) = *like;
        for padding in [0, 1, 15, 16, 63, 64, 100, 254, 255_u8] {
            let length = 1_000
                + (0..BLOCK).find(|l| (1_000 + l + mac_len + usize::from(padding) + 1) % BLOCK == 0).unwrap();
            let content = vec![b'x'; length];
            let good = vec![padding; usize::from(padding) + 1];
            assert!(open(of, key_len, &sealed(like, &content, &good)).unwrap() == content, "{padding}");
            for at in [0, padding / 2, padding.saturating_sub(1)].into_iter().filter(|at| *at < padding) {
                let at = usize::from(at);
                let mut bad = good.clone();
                bad[at] ^= 1;
                assert_eq!(open(of, key_len, &sealed(like, &content, &bad)), Err(Error::DecryptError));
            }
        }
    }
}

#[test]
fn what_was_changed_or_is_too_short_or_too_long_is_refused() {
    for (of, like) in ALL {
        let (_, mac_len, key_len) = *like;
        let padding = |length: usize| {
            let count = BLOCK - (length + mac_len) % BLOCK;
            vec![(count - 1) as u8; count]
        };
        let record = sealed(like, b"hello", &padding(5));
        assert_eq!(open(of, key_len, &record).unwrap(), b"hello");
        for at in 0..record.len() {
            for bit in 0..8 {
                let mut changed = record.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(open(of, key_len, &changed), Err(Error::DecryptError), "{at} {bit}");
            }
        }
        for length in 0..record.len() {
            assert_eq!(open(of, key_len, &record[..length]), Err(Error::DecryptError), "{length}");
        }
        // A padding that claims more than the record has.
        let all = vec![255; BLOCK - (5 + mac_len) % BLOCK];
        assert_eq!(open(of, key_len, &sealed(like, b"hello", &all)), Err(Error::DecryptError));
        let long = vec![b'x'; MAX_CONTENT + 1];
        assert_eq!(
            open(of, key_len, &sealed(like, &long, &padding(long.len()))),
            Err(Error::PeerSentOversizedRecord)
        );
    }
}
