use serde_json::json;

use super::*;

/// Public half and one signature of a key that `openssl` has made: ring makes no RSA keys.
const MODULUS: &str = "-CF_h8EHOkiSWs5J55g-iDDgpSlKgR9adJecnMjDWjp5UPPPcyONPe6bLgu9xqPbAWtfCJZbze5eMWuztY1J2wcXFwBcrJt2dfiF\
         tzsiRJu2nCMaK1WIXFUFR8xwfPnFgTuxa4yqvlHXZwEDHlDhcAomRqDwW5N83mpVNdkJDANbES9_kHdJbksIpFCRdC7twS5nGhBu\
         Qxwh6YhSdeWAENsriDnbY8Ppc4SQevle1REvRqo6Ig2axaUgswf3bWm1at0YLoC74sgir4lIub2Q36QIOY-K7KDYYfrORjg9csM5\
         jhBvile7Z471j60gap_LPeq2D50N8hYFIfXaqLYC8w";
const SIGNED: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiIxIn0";
const SIGNATURE: &str = "vQP8uWoo3HosTCCcQUqmCkdOsL5R97QJuRWA06UazWKdOkoXr-O0FJl44e1LZ6OT8yxsD53P1SfN1dKb0ggNnLzg1dU1_zb-SXSC\
         fzga_wld3LrCMhmiRUVEa6cMPo1MKSyNH6EY2enPNduIGPh87bcC-VapgEW3_gAfHxe_2o5_nasgazdx3EoCmbA4X1v4uT1ZeHDI\
         oHGxsjPRls0QQXw5y8bWXY44c30aEK_KwHCYwXAM4iwn9ZqmTPQcVhh5fAQcwNjNrhX3jPdgKTTYlM0sEif3nLGWpbIsdHfL3p_2\
         6_3CaJdnsb4TBoyIUGp-ueineTpPZefUDUNogrzbig";

fn key(change: impl FnOnce(&mut Value)) -> Option<Key> {
    let mut jwk =
        json!({ "kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "n": MODULUS, "e": "AQAB" });
    change(&mut jwk);
    Key::of(&jwk)
}

fn token(header: &Value) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
    format!("{header}.{}.{SIGNATURE}", BASE64_URL_SAFE_NO_PAD.encode("{}"))
}

#[test]
fn an_rsa_signature_is_taken_whole_and_no_other() {
    let whole = format!("{SIGNED}.{SIGNATURE}");
    let key = key(|_| ()).unwrap();
    let parts = Parts::of(&whole).unwrap();
    assert!(key.is_for(&parts));
    assert_eq!(parts.verified([&key].into_iter()).unwrap(), br#"{"sub":"1"}"#);
    assert_eq!(parts.verified([].into_iter()), Err(OidcError::BadSignature));
    let other = token(&json!({ "alg": "RS256", "kid": "r" }));
    let parts = Parts::of(&other).unwrap();
    assert_eq!(parts.verified([&key].into_iter()), Err(OidcError::BadSignature));
}

#[test]
fn other_algorithms_are_refused_by_their_name() {
    for alg in ["none", "None", "HS256", "HS512", "PS256", "RS512", "ES384", "EdDSA", ""] {
        let refused = Parts::of(&token(&json!({ "alg": alg }))).err();
        assert_eq!(refused, Some(OidcError::BadAlgorithm), "{alg}");
    }
    let critical = token(&json!({ "alg": "RS256", "crit": ["exp"] }));
    assert_eq!(Parts::of(&critical).err(), Some(OidcError::BadAlgorithm));
    for text in ["", ".", "..", "a.b", "a.b.c", "e30.e30.", "e30.e30.e30"] {
        assert_eq!(Parts::of(text).err(), Some(OidcError::BadAnswer), "{text}");
    }
}

#[test]
fn a_key_is_used_for_what_it_is_meant_for() {
    let of = |header: Value| {
        let text = token(&header);
        let parts = Parts::of(&text).unwrap();
        key(|_| ()).unwrap().is_for(&parts)
    };
    assert!(of(json!({ "alg": "RS256", "kid": "r" })));
    assert!(of(json!({ "alg": "RS256" })));
    assert!(!of(json!({ "alg": "RS256", "kid": "s" })));
    assert!(!of(json!({ "alg": "ES256", "kid": "r" })));
    for (name, value) in [("use", "enc"), ("alg", "HS256"), ("kty", "oct"), ("n", "!")] {
        assert!(key(|jwk| jwk[name] = json!(value)).is_none(), "{name}");
    }
}
