//! Who signed a webhook, after the Standard Webhooks specification.

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use spec_core::InvalidInput;
use spec_core::clock::Timestamp;
use spec_core::sandbox::Secret;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Shortest key, in bytes: the least that the specification allows.
const SHORTEST_KEY: usize = 24;
/// What a signature of the kind that we know begins with.
const VERSION: &str = "v1,";
/// Signatures of one webhook that are looked at; senders give one for each secret in use.
const MOST_SIGNATURES: usize = 16;
/// How long ago a webhook may have been signed, and how much the clock of its sender may be ahead.
const TOLERANCE_SECONDS: u64 = 5 * 60;
/// Names of the headers: of Svix, and of the specification.
const HEADERS: [[&str; 3]; 2] = [
    ["svix-id", "svix-timestamp", "svix-signature"],
    ["webhook-id", "webhook-timestamp", "webhook-signature"],
];
/// With or without `=` at the end: people cut them off when they copy.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The secrets with which webhooks may be signed. Clones share them; they never print.
#[derive(Clone)]
pub struct WebhookSecrets {
    /// Each ready to sign with.
    keys: Arc<[Hmac<Sha256>]>,
}

impl WebhookSecrets {
    /// Secrets as the sender shows them: `whsec_` and at least 24 bytes in base64. While one is being
    /// replaced, the old and the new; a webhook has to be signed with one of them.
    ///
    /// # Errors
    ///
    /// When there is none, or one is no such secret; the error does not repeat it.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Result<Self, InvalidInput> {
        let keys = secrets
            .into_iter()
            .enumerate()
            .map(|(index, secret)| {
                key(secret.expose()).map_err(|flaw| {
                    let number = index + 1;
                    InvalidInput::new("webhook_secret", format!("number {number} {flaw}"))
                })
            })
            .collect::<Result<Arc<[_]>, _>>()?;
        if keys.is_empty() {
            return Err(InvalidInput::new("webhook_secret", "must not be missing"));
        }
        Ok(Self { keys })
    }

    /// Checks that the signature is one of `body`, with one of these secrets.
    pub(super) fn verify(&self, signature: &Signature, body: &[u8]) -> Result<(), Refused> {
        for key in &*self.keys {
            let mut mac = key.clone();
            for part in [signature.id.as_bytes(), signature.timestamp.as_bytes()] {
                mac.update(part);
                mac.update(b".");
            }
            mac.update(body);
            for given in &signature.given {
                // In a time that does not depend on where the two differ.
                if mac.clone().verify_slice(given).is_ok() {
                    return Ok(());
                }
            }
        }
        Err(Refused::Unsigned)
    }
}

fn key(secret: &str) -> Result<Hmac<Sha256>, &'static str> {
    let encoded = secret
        .trim()
        .strip_prefix(PREFIX)
        .ok_or("does not begin with `whsec_`")?;
    let bytes = BASE64
        .decode(encoded)
        .map_err(|_secret| "is not base64 after `whsec_`")?;
    if bytes.len() < SHORTEST_KEY {
        return Err("is too short: it has to hold 24 bytes at least");
    }
    Hmac::new_from_slice(&bytes).map_err(|_length| "is of a length that no key has")
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSecrets")
            .field("secrets", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// Why a webhook is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// A header is missing or cannot be read.
    Incomplete,
    /// It was signed too long ago, or will have been.
    OutOfTime,
    /// No signature is of this body with one of the secrets.
    Unsigned,
}

impl Refused {
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Incomplete => "headers are missing or cannot be read",
            Self::OutOfTime => {
                "it is more than five minutes old or ahead, by the clock of this side"
            }
            Self::Unsigned => "it was signed with another secret, or is not what was signed",
        }
    }
}

/// What the headers of a webhook say.
#[derive(Debug)]
pub(super) struct Signature {
    id: String,
    /// As it was sent, since that is what was signed.
    timestamp: String,
    /// By whom nobody knows yet.
    given: Vec<Vec<u8>>,
}

impl Signature {
    /// Reads the headers of a webhook that arrives `now`.
    pub(super) fn of(headers: &HeaderMap, now: Timestamp) -> Result<Self, Refused> {
        let [id, timestamp, given] = HEADERS
            .iter()
            .find_map(|names| texts(headers, *names))
            .ok_or(Refused::Incomplete)?;
        let is_number = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let signed_at: i64 = timestamp
            .parse()
            .ok()
            .filter(|_| is_number)
            .ok_or(Refused::Incomplete)?;
        let now = now.as_micros().div_euclid(1_000_000);
        if now.abs_diff(signed_at) > TOLERANCE_SECONDS {
            return Err(Refused::OutOfTime);
        }
        let given = given
            .split(' ')
            .filter_map(|signature| BASE64.decode(signature.strip_prefix(VERSION)?).ok())
            .take(MOST_SIGNATURES)
            .collect();
        Ok(Self {
            id: id.to_owned(),
            timestamp: timestamp.to_owned(),
            given,
        })
    }
}

/// The headers of these names; `None` unless all are there.
fn texts<'a, const N: usize>(headers: &'a HeaderMap, names: [&str; N]) -> Option<[&'a str; N]> {
    let mut texts = [""; N];
    for (text, name) in texts.iter_mut().zip(names) {
        *text = headers.get(name)?.to_str().ok()?;
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const SVIX: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn secrets<const N: usize>(secrets: [&str; N]) -> Result<WebhookSecrets, InvalidInput> {
        WebhookSecrets::new(secrets.map(Secret::new))
    }

    fn headers(names: [&'static str; 3], values: [&str; 3]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in names.into_iter().zip(values) {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn signatures_of_other_implementations_are_known() {
        // Of the tests of `standardwebhooks` 1.0.1 and of the libraries of Svix.
        for (secret, id, seconds, body, signature) in [
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
            (
                SVIX,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ] {
            let secrets = secrets([secret]).unwrap();
            for names in HEADERS {
                let headers = headers(names, [id, &seconds.to_string(), signature]);
                let signature = Signature::of(&headers, at(seconds)).unwrap();
                assert_eq!(secrets.verify(&signature, body.as_bytes()), Ok(()));
                let tampered = secrets.verify(&signature, b"{}");
                assert_eq!(tampered, Err(Refused::Unsigned));
            }
        }
    }

    #[test]
    fn a_webhook_is_in_time_for_five_minutes_before_and_after() {
        let signed = 1_614_265_330;
        let headers = headers(HEADERS[0], ["a", &signed.to_string(), "v1,AAAA"]);
        for (seconds, in_time) in [
            (-301, false),
            (-300, true),
            (0, true),
            (300, true),
            (301, false),
        ] {
            let signature = Signature::of(&headers, at(signed + seconds));
            assert_eq!(signature.is_ok(), in_time, "{seconds}");
        }
    }

    #[test]
    fn headers_that_cannot_be_read_are_refused() {
        let names = HEADERS[0];
        for timestamp in [
            "",
            "now",
            "+1614265330",
            "-1",
            "1614265330.0",
            "9".repeat(40).as_str(),
        ] {
            let refused = Signature::of(&headers(names, ["a", timestamp, "v1,AAAA"]), at(1));
            assert_eq!(refused.unwrap_err(), Refused::Incomplete, "{timestamp}");
        }
        for missing in names {
            let mut headers = headers(names, ["a", "1", "v1,AAAA"]);
            headers.remove(missing);
            let refused = Signature::of(&headers, at(1));
            assert_eq!(refused.unwrap_err(), Refused::Incomplete, "{missing}");
        }
        let mut headers = headers(names, ["a", "1", "v1,AAAA"]);
        headers.insert(names[0], HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(
            Signature::of(&headers, at(1)).unwrap_err(),
            Refused::Incomplete
        );
    }

    #[test]
    fn signatures_that_are_none_sign_nothing() {
        let secrets = secrets([SVIX]).unwrap();
        let right = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let first_bytes = &right[..8];
        for given in [
            String::new(),
            "v1,".to_owned(),
            right.to_owned(),
            format!("v2,{right}"),
            format!("v1a,{right}"),
            format!("v1,{first_bytes}"),
            format!("v1,{right}{right}"),
            "v1,not base64".to_owned(),
        ] {
            let values = ["msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", &given];
            let signature = Signature::of(&headers(HEADERS[0], values), at(1_614_265_330)).unwrap();
            let refused = secrets.verify(&signature, br#"{"test": 2432232314}"#);
            assert_eq!(refused, Err(Refused::Unsigned), "{given}");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        for (bad, reason) in [
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "number 2 does not begin with `whsec_`",
            ),
            (
                "whsec_MfKQ9_8GKYqr",
                "number 2 is not base64 after `whsec_`",
            ),
            (
                "whsec_",
                "number 2 is too short: it has to hold 24 bytes at least",
            ),
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ",
                "number 2 is too short: it has to hold 24 bytes at least",
            ),
        ] {
            let error = secrets([SVIX, bad]).unwrap_err();
            assert_eq!((error.field(), error.reason()), ("webhook_secret", reason));
            assert!(!format!("{error:?} {error}").contains("MfKQ9"));
        }
        assert!(secrets([]).is_err());
    }

    #[test]
    fn secrets_do_not_print_and_forgive_how_they_were_copied() {
        let unpadded = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        let secrets = secrets([unpadded, &format!("{unpadded}=\n")]).unwrap();
        assert_eq!(format!("{secrets:?}"), "WebhookSecrets { secrets: 2, .. }");
    }
}
