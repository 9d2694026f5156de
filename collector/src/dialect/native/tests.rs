use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn beacon(body: &Value) -> Beacon {
    parse(body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn refused(body: &Value) -> ParseError {
    match parse(body.to_string().as_bytes()) {
        Ok(_) => panic!("accepted: {body}"),
        Err(error) => error,
    }
}

/// A pageview with these keys put over it.
fn view(over: Value) -> Value {
    let mut body = json!({"n": "pageview", "u": "https://example.kz/a", "d": "example.kz"});
    let Value::Object(over) = over else { panic!("an object") };
    body.as_object_mut().unwrap().extend(over);
    body
}

#[test]
fn what_the_published_tracker_sends_is_understood() {
    let b = beacon(
        &json!({"n":"pageview","v":36,"u":"https://example.kz/kk/bet?utm_source=tg#h","d":"example.kz","r":"https://t.me/x"}),
    );
    assert_eq!((b.name.as_str(), b.referrer.as_deref()), ("pageview", Some("https://t.me/x")));
    assert_eq!(b.domains, ["example.kz"]);
    assert!(b.interactive && !b.hash_routing && !b.opted_out && b.engagement.is_none());

    let b = beacon(&json!({"n":"Signup","v":36,"u":"https://example.kz/","d":"example.kz","r":null,
        "p":{"lang":"kk"},"i":false,"$":{"amount":10.5,"currency":"KZT"}}));
    assert_eq!(b.props, [("lang".to_owned(), "kk".to_owned())]);
    assert!(!b.interactive && b.referrer.is_none());
    assert_eq!(b.revenue, Some(events::Revenue { amount_milli: 10_500, currency: *b"KZT" }));

    let b =
        beacon(&json!({"n":"engagement","sd":null,"d":"example.kz","u":"https://example.kz/","e":86,"v":36}));
    assert_eq!(b.engagement, Some(Engagement { scroll_depth: None, engaged_ms: Some(86) }));
}

#[test]
fn long_and_short_keys_say_the_same() {
    let long = beacon(
        &json!({"name": "Buy", "url": "https://example.kz/a", "domain": "example.kz", "referrer": "https://a.kz/",
        "props": {"a": "b"}, "revenue": {"amount": 1, "currency": "KZT"}, "interactive": false, "hashMode": 1}),
    );
    let short =
        beacon(&json!({"n": "Buy", "u": "https://example.kz/a", "d": "example.kz", "r": "https://a.kz/",
        "p": {"a": "b"}, "$": {"amount": 1, "currency": "KZT"}, "i": false, "h": 1}));
    for b in [long, short] {
        assert_eq!(
            (b.name.as_str(), b.url.as_str(), b.domains[0].as_str()),
            ("Buy", "https://example.kz/a", "example.kz")
        );
        assert_eq!((b.referrer.as_deref(), b.props.len()), (Some("https://a.kz/"), 1));
        assert!(b.revenue.is_some() && !b.interactive && b.hash_routing);
    }
}

#[test]
fn our_own_keys_carry_zone_width_and_opt_out() {
    let b = beacon(&view(json!({"z": "Asia/Almaty", "w": 390, "o": 1})));
    assert_eq!((b.time_zone.as_deref(), b.screen_width, b.opted_out), (Some("Asia/Almaty"), Some(390), true));
    for bad in [
        json!({"z": 5, "w": "wide", "o": "no"}),
        json!({"z": "x".repeat(65), "w": -1, "o": 0}),
        json!({"z": "", "w": 1.5, "o": null}),
    ] {
        let b = beacon(&view(bad));
        assert_eq!((b.time_zone, b.screen_width, b.opted_out), (None, None, false));
    }
}

#[test]
fn names_are_text_or_whole_numbers() {
    assert_eq!(beacon(&view(json!({"n": 404}))).name, "404");
    assert_eq!(beacon(&view(json!({"n": " Sign up "}))).name, "Sign up");
    assert_eq!(beacon(&view(json!({"n": "ә".repeat(120)}))).name.chars().count(), 120);
    for (bad, message) in [
        (json!(""), "can't be blank"),
        (json!("  "), "can't be blank"),
        (json!(null), "can't be blank"),
        (json!(true), "is invalid"),
        (json!([]), "is invalid"),
        (json!(1.5), "is invalid"),
        (json!("a".repeat(121)), "should be at most 120 character(s)"),
    ] {
        let error = refused(&view(json!({"n": bad})));
        assert_eq!(
            (error.field, error.message, error.reason),
            ("event_name", message, RefuseReason::InvalidField)
        );
    }
}

#[test]
fn a_url_is_required_and_has_to_be_one() {
    for (bad, message) in [
        (json!(null), "is required"),
        (json!(""), "is required"),
        (json!(7), "must be a string"),
        (json!(format!("https://example.kz/{}", "a".repeat(2000))), "must be a valid url"),
        (json!("not a url"), "must be a valid url"),
        (json!("https://a b/"), "must be a valid url"),
        (json!("data:text/html,x"), "scheme is not allowed"),
        (json!("DATA:x"), "scheme is not allowed"),
        (json!("javascript:void(0)"), "scheme is not allowed"),
    ] {
        let error = refused(&view(json!({"u": bad})));
        assert_eq!((error.field, error.message), ("url", message), "{bad}");
    }
    assert_eq!(refused(&json!({"n": "pageview", "d": "a.kz"})).message, "is required");
    assert_eq!(
        beacon(&json!({"n": "x", "u": null, "url": "https://a.kz/", "d": "a.kz"})).url,
        "https://a.kz/"
    );
}

#[test]
fn one_beacon_may_be_for_several_sites() {
    let domains = |d: Value| beacon(&view(json!({"d": d}))).domains;
    assert_eq!(domains(json!("example.kz, WWW.Other.kz ,,example.kz")), ["example.kz", "other.kz"]);
    assert_eq!(domains(json!("www.example.kz. ,other.kz .")), ["example.kz", "other.kz"]);
    assert_eq!(domains(json!(null)), ["example.kz"]);
    assert_eq!(beacon(&json!({"n": "x", "u": "https://www.Example.kz:8443/"})).domains, ["example.kz"]);
    for (bad, message) in [
        (json!(""), "can't be blank"),
        (json!(" , "), "can't be blank"),
        (json!(5), "is invalid"),
        (
            json!((0..21).map(|i| format!("s{i}.kz")).collect::<Vec<_>>().join(",")),
            "should name at most 20 sites",
        ),
    ] {
        let error = refused(&view(json!({"d": bad})));
        assert_eq!((error.field, error.message), ("domain", message), "{bad}");
    }
    assert_eq!(refused(&json!({"n": "x", "u": "file:///a"})).field, "domain");
}

#[test]
fn a_referrer_is_cut_at_2000_characters() {
    let referrer = |r: Value| beacon(&view(json!({"r": r}))).referrer;
    assert_eq!(referrer(json!("ә".repeat(2500))).unwrap().chars().count(), 2000);
    for none in [json!(null), json!(""), json!("  "), json!(7), json!({})] {
        assert_eq!(referrer(none), None);
    }
}

#[test]
fn props_come_as_object_or_text_and_keep_scalars_only() {
    let props = |over: Value| beacon(&view(over)).props;
    let pairs = |list: &[(&str, &str)]| {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>()
    };
    let object =
        json!({"a": "x", "n": 3, "f": 1.5, "t": true, "no": null, "l": [1], "o": {}, "": "y", "b": " "});
    let kept = pairs(&[("a", "x"), ("n", "3"), ("f", "1.5"), ("t", "true")]);
    for key in ["p", "props", "m", "meta"] {
        assert_eq!(props(json!({key: object})), kept, "{key}");
        assert_eq!(props(json!({key: object.to_string()})), kept, "{key} as text");
    }
    for none in [json!("no json"), json!("[1]"), json!([1]), json!(7), json!(null)] {
        assert_eq!(props(json!({"p": none})), []);
    }
    let many: Map<_, _> = (0..40).map(|i| (format!("k{i}"), json!(i))).collect();
    let kept = props(json!({"p": many}));
    assert_eq!((kept.len(), kept[29].0.as_str()), (30, "k29"));
}

#[test]
fn props_that_are_too_long_are_refused() {
    assert_eq!(beacon(&view(json!({"p": {"k".repeat(300): "v".repeat(2000)}}))).props.len(), 1);
    for bad in [json!({"k".repeat(301): "v"}), json!({"k": "v".repeat(2001)}), json!({"ә".repeat(151): "v"})]
    {
        assert_eq!(refused(&view(json!({"p": bad}))).field, "props");
    }
}

#[test]
fn a_missing_page_carries_its_path_unless_the_sender_gives_one() {
    let path =
        |over: Value| beacon(&view(over)).props.iter().find(|(k, _)| k == "path").map(|(_, v)| v.clone());
    for name in [json!("404"), json!(404), json!("WP Form Completions"), json!("Form: Submission")] {
        assert_eq!(
            path(json!({"n": name, "u": "https://example.kz/%D0%B6%D0%BE%D2%9B?q=1"})).as_deref(),
            Some("/жоқ")
        );
    }
    assert_eq!(path(json!({"n": "404", "p": {"path": "/mine"}})).as_deref(), Some("/mine"));
    assert_eq!(path(json!({"n": "404", "p": {"path": null}})), None);
    assert_eq!(path(json!({"n": "Signup"})), None);
    let full: Map<_, _> = (0..30).map(|i| (format!("k{i}"), json!(i))).collect();
    assert_eq!(beacon(&view(json!({"n": "404", "p": full}))).props.len(), 30);
}

#[test]
fn a_false_interactive_is_kept_whichever_key_says_it() {
    for (over, expected) in [
        (json!({"i": false}), false),
        (json!({"interactive": false}), false),
        (json!({"i": false, "interactive": true}), false),
        (json!({"i": true}), true),
        (json!({}), true),
        (json!({"i": null}), true),
        (json!({"i": "no"}), true),
    ] {
        assert_eq!(beacon(&view(over.clone())).interactive, expected, "{over}");
    }
}

#[test]
fn hash_routing_is_one_or_true() {
    for (over, expected) in [
        (json!({"h": 1}), true),
        (json!({"h": true}), true),
        (json!({"h": "1"}), true),
        (json!({"hashMode": 1}), true),
        (json!({"h": 0}), false),
        (json!({"h": null}), false),
        (json!({"h": 2}), false),
        (json!({}), false),
    ] {
        assert_eq!(beacon(&view(over.clone())).hash_routing, expected, "{over}");
    }
}

#[test]
fn engagement_needs_a_depth_or_a_time() {
    let engagement = |sd: Value, e: Value| {
        parse(view(json!({"n": "engagement", "sd": sd, "e": e})).to_string().as_bytes()).map(|b| {
            let engagement = b.engagement.unwrap();
            (engagement.scroll_depth, engagement.engaged_ms)
        })
    };
    assert_eq!(engagement(json!(50), json!(3000)), Ok((Some(50), Some(3000))));
    assert_eq!(engagement(json!("70"), json!(null)), Ok((Some(70), None)));
    assert_eq!(engagement(json!(250), json!(-1)), Ok((Some(100), None)));
    assert_eq!(engagement(json!(null), json!(0)), Ok((None, Some(0))));
    assert_eq!(engagement(json!(0), json!(2_592_000_000_u64)), Ok((Some(0), None)));
    assert_eq!(engagement(json!(-5), json!(2_591_999_999_u64)), Ok((None, Some(2_591_999_999))));
    for (sd, e) in [
        (json!(null), json!(null)),
        (json!(-1), json!("x")),
        (json!(1.5), json!([])),
        (json!(""), json!(u64::MAX)),
    ] {
        let error = engagement(sd, e).unwrap_err();
        assert_eq!((error.reason, error.field), (RefuseReason::InvalidField, "event_name"));
    }
    assert!(
        beacon(&view(json!({"sd": 5, "e": 5}))).engagement.is_none(),
        "only engagement events report engagement"
    );
}

#[test]
fn what_is_no_json_object_is_malformed() {
    for body in ["", "x", "[]", "null", "7", "\"{}\"", "{", "{\"n\":}", "{}{}", "\u{feff}{}"] {
        let error = parse(body.as_bytes()).err().unwrap();
        assert_eq!((error.reason, error.field), (RefuseReason::MalformedBody, "request"), "{body}");
    }
    assert_eq!(parse(&[0xFF, 0xFE]).err().unwrap().reason, RefuseReason::MalformedBody);
    let deep = format!("{{\"p\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(parse(deep.as_bytes()).err().unwrap().reason, RefuseReason::MalformedBody);
}

/// The exact bodies the built tracker sends; its own tests write them.
#[test]
fn every_golden_beacon_of_the_tracker_is_understood() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tracker-js/golden");
    let mut seen = std::collections::BTreeMap::new();
    for file in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let body = std::fs::read(&file).unwrap();
        let b = parse(&body).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(b.name == "engagement", b.engagement.is_some(), "{}", file.display());
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(seen.insert(name, b).is_none());
    }
    let props = |name: &str| {
        seen[name].props.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    };
    assert!(seen["pageview-opted-out"].opted_out && !seen["pageview"].opted_out);
    assert!(seen["pageview-hash-routing"].hash_routing && !seen["pageview"].hash_routing);
    assert_eq!(seen["pageview"].referrer, None, "an empty referrer is none");
    assert_eq!(seen["pageview-two-sites"].domains.len(), 2);
    assert_eq!(props("event-props-revenue"), "lang=kk seats=3 trial=true");
    assert_eq!(seen["event-props-revenue"].revenue.as_ref().map(|r| r.amount_milli), Some(4_990_500));
    assert!(!seen["event-non-interactive"].interactive && seen["event-download"].interactive);
    assert_eq!(props("event-download"), "url=example.kz/files/esep.pdf");
    assert_eq!(props("event-outbound-link"), "url=other.example/kk/article");
    assert_eq!(props("event-form"), "path=/kk/бет");
    assert_eq!(props("event-tagged"), "place=top step=2");
    assert_eq!(props("event-missing-page"), "path=/жоқ");
    assert!(!seen["event-missing-page"].interactive);
    assert_eq!(props("vitals"), "ttfb=81 fcp=640 lcp=1312 cls=43 inp=96");
    assert!(!seen["vitals"].interactive);
    assert_eq!(seen["engagement-scrolled"].engagement.map(|e| e.engaged_ms), Some(Some(12_345)));
    let page = |name: &str| {
        crate::page::Page::of(
            &Address::parse(&seen[name].url).unwrap(),
            seen[name].hash_routing,
            &mut crate::scrub::ScrubCounts::default(),
        )
    };
    let campaign = page("pageview-campaign");
    assert_eq!(
        (campaign.campaign.source.as_str(), campaign.click_id),
        ("telegram", "gclid"),
        "of what is left of a query"
    );
    assert_eq!(page("pageview-canonical").path, "/bet");
    assert_eq!(page("pageview-hash-routing").path, "/app#/orders");
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "https://[a-z]{1,6}\\.kz/[a-z]{0,4}".prop_map(Value::from),
        Just(json!("engagement")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z$]{0,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&body);
    }

    #[test]
    fn any_values_are_read_within_the_limits_or_refused(
        body in prop::collection::btree_map(
            prop::sample::select(vec!["n", "u", "d", "r", "p", "m", "$", "i", "h", "e", "sd", "v", "z", "w", "o", "name", "url", "revenue"]),
            json_value(), 0..12),
    ) {
        let body: Map<String, Value> = body.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        match parse(&serde_json::to_vec(&body).unwrap()) {
            Ok(b) => {
                prop_assert!(!b.name.trim().is_empty() && b.name.chars().count() <= LONGEST_NAME);
                prop_assert!(!b.domains.is_empty() && b.domains.iter().all(|d| !d.is_empty() && *d == d.to_lowercase()));
                prop_assert!(b.props.len() <= fields::MOST_PROPS);
                prop_assert_eq!(b.name == "engagement", b.engagement.is_some());
            }
            Err(error) => prop_assert!(["request", "event_name", "url", "domain", "props"].contains(&error.field)),
        }
    }
}
