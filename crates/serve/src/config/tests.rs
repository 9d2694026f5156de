//! Reading settings, right and wrong.

use std::time::Duration;

use super::*;
use crate::access::Secret;

#[derive(Debug)]
struct Everything {
    text: String,
    optional_text: Option<String>,
    address: String,
    url: String,
    optional_path: Option<std::path::PathBuf>,
    flag: bool,
    count: u16,
    duration: Duration,
    size: u64,
    choice: char,
    list: Vec<u8>,
    secret: Option<Secret>,
}

impl Settings for Everything {
    const SECTION: &'static str = "all";
    const DOC: &'static str = "One of each.";

    fn read(keys: &mut Keys<'_>) -> Self {
        let second = Duration::from_secs(1);
        Self {
            text: keys.text("text", "salem", "A."),
            optional_text: keys.optional_text("optional_text", "B."),
            address: keys.address("address", "127.0.0.1:8080", "C."),
            url: keys.url("url", "http://127.0.0.1:8080", "D."),
            optional_path: keys.optional_path("optional_path", "E."),
            flag: keys.flag("flag", false, "F."),
            count: keys.count("count", 7, 1..=1000, "G."),
            duration: keys.duration("duration", 5 * second, second..=60 * second, "H."),
            size: keys.size("size", 16 * KIB, KIB..=MIB, "I."),
            choice: keys.choice("choice", 'a', &[("alma", 'a'), ("bota", 'b')], "J | K."),
            list: keys.list("list", &["1"], str::parse::<u8>, "L."),
            secret: keys.secret("password", "M."),
        }
    }
}

fn read(text: &str, variables: &[(&str, &str)]) -> (Everything, Result<Reading, Mistakes>) {
    let mut document = Document::parse(text, Environment::of(variables.iter().copied()));
    let everything = document.section();
    (everything, document.finish())
}

fn codes(text: &str, variables: &[(&str, &str)]) -> Vec<(String, &'static str)> {
    let mistakes = read(text, variables).1.unwrap_err();
    mistakes.0.into_iter().map(|mistake| (mistake.path, mistake.code)).collect()
}

#[test]
fn without_a_word_every_key_has_its_default() {
    let (all, reading) = read("", &[]);
    assert_eq!(
        (all.text.as_str(), all.optional_text, all.address.as_str()),
        ("salem", None, "127.0.0.1:8080")
    );
    assert_eq!((all.url.as_str(), all.optional_path, all.flag), ("http://127.0.0.1:8080", None, false));
    assert_eq!((all.count, all.duration, all.size), (7, Duration::from_secs(5), 16 * KIB));
    assert_eq!((all.choice, all.list, all.secret.is_none()), ('a', vec![1], true));
    assert!(reading.unwrap().sections[0].keys.iter().all(|key| key.origin == Origin::Default));
}

#[test]
fn the_file_sets_and_the_environment_wins() {
    let text = r#"
        [all]
        text = "from the file"
        optional_text = "yes"
        address = "[::]:80"
        url = "https://stats.example.kz/"
        flag = true
        count = 8
        duration = "10s"
        size = "64KiB"
        choice = "bota"
        list = ["2", "3"]
    "#;
    let (all, reading) = read(text, &[]);
    reading.unwrap();
    assert_eq!((all.address.as_str(), all.url.as_str()), ("[::]:80", "https://stats.example.kz"));
    assert_eq!((all.count, all.choice, all.list, all.flag), (8, 'b', vec![2, 3], true));

    let variables = [
        ("SANAQ_ALL_TEXT", "from outside"),
        ("SANAQ_ALL_FLAG", "false"),
        ("SANAQ_ALL_COUNT", "9"),
        ("SANAQ_ALL_SIZE", "1MiB"),
        ("SANAQ_ALL_LIST", "4, 5,"),
        ("SANAQ_PORT_8080_TCP", "tcp://"),
        ("PATH", "/bin"),
    ];
    let (all, reading) = read(text, &variables);
    let reading = reading.unwrap();
    assert_eq!((all.text.as_str(), all.flag, all.count, all.size), ("from outside", false, 9, MIB));
    assert_eq!((all.list, all.optional_text.as_deref()), (vec![4, 5], Some("yes")));
    assert_eq!(reading.ignored_variables, ["SANAQ_PORT_8080_TCP"]);
    let origins = |name: &str| reading.sections[0].keys.iter().find(|key| key.name == name).unwrap().origin;
    assert_eq!((origins("text"), origins("choice")), (Origin::Environment, Origin::File));
}

#[test]
fn all_mistakes_are_told_at_once_and_defaults_take_their_place() {
    let text = r#"
        loose = 1
        [elsewhere]
        [all]
        text = ""
        optional_text = 3
        address = "8080"
        url = "ftp://example.kz"
        flag = "yes"
        count = 0
        duration = "5 minutes"
        size = "2MiB"
        choice = "shie"
        list = ["1", "x"]
        password_file = "/nowhere/at/all"
        pasword = "x"
    "#;
    let (all, reading) = read(text, &[]);
    assert_eq!((all.count, all.choice, all.text.as_str()), (7, 'a', "salem"));
    let mistakes = reading.unwrap_err();
    assert_eq!(
        mistakes.codes(),
        [
            ("all.text", "empty"),
            ("all.optional_text", "wrong_type"),
            ("all.address", "bad_address"),
            ("all.url", "bad_url"),
            ("all.flag", "wrong_type"),
            ("all.count", "out_of_range"),
            ("all.duration", "bad_duration"),
            ("all.size", "out_of_range"),
            ("all.choice", "bad_choice"),
            ("all.list", "bad_item"),
            ("all.password_file", "unreadable_secret"),
            ("all.pasword", "unknown_key"),
            ("elsewhere", "unknown_section"),
            ("loose", "unknown_key"),
        ]
    );
    let told = mistakes.to_string();
    assert!(
        told.starts_with("14 mistakes in the configuration:\n  all.text: must not be empty [empty]\n"),
        "{told}"
    );
    assert!(told.contains("all.count: must be 1 to 1000 [out_of_range]"), "{told}");
}

#[test]
fn values_at_the_edges() {
    for (line, code) in [
        ("count = -1", "out_of_range"),
        ("count = 70000", "out_of_range"),
        ("count = 1.5", "wrong_type"),
        ("duration = 5", "bad_duration"),
        ("duration = '999ms'", "out_of_range"),
        ("size = 16384", "bad_size"),
        ("address = ':80'", "bad_address"),
        ("address = 'localhost:70000'", "bad_address"),
        ("url = 'https://root:secret@example.kz'", "bad_url"),
        ("url = 'https://example.kz/?a=b'", "bad_url"),
        ("url = '/stats'", "bad_url"),
        ("list = '1'", "wrong_type"),
        ("list = [1]", "wrong_type"),
        ("[all.text]\nx = 1", "wrong_type"),
    ] {
        let found = codes(&format!("[all]\n{line}"), &[]);
        assert_eq!(found.iter().map(|(_, code)| *code).collect::<Vec<_>>(), [code], "{line}");
    }
    for fine in
        ["count = 1", "count = 1000", "duration = '1s'", "duration = '1m'", "size = '1KiB'", "list = []"]
    {
        read(&format!("[all]\n{fine}"), &[]).1.unwrap();
    }
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    let mistakes = read("", &[("SANAQ_ALL_COUNT", "many")]).1.unwrap_err();
    assert_eq!(mistakes.codes(), [("all.count", "wrong_type")]);
    assert!(mistakes.to_string().contains("SANAQ_ALL_COUNT"));
}

#[test]
fn what_is_no_toml_or_cannot_be_read_is_one_mistake() {
    assert_eq!(codes("[all\ntext = ", &[]), [(String::new(), "bad_syntax")]);
    assert_eq!(codes("all = 3", &[]), [("all".to_owned(), "wrong_type")]);
    let mut document = Document::load(Some(Path::new("/nowhere/sanaq.toml")), Environment::default());
    let _all: Everything = document.section();
    assert_eq!(document.finish().unwrap_err().codes(), [("", "unreadable_file")]);
}

#[test]
fn a_secret_comes_from_a_file_or_the_environment_and_shows_as_stars() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    std::fs::write(&file, "hunter2\n").unwrap();
    let text = format!("[all]\npassword_file = {:?}", file.to_str().unwrap());

    let (all, reading) = read(&text, &[]);
    assert_eq!(all.secret.as_ref().unwrap().reveal(), "hunter2");
    let shown = effective(&reading.unwrap().sections);
    assert!(shown.contains("password_file = ***  # file"), "{shown}");
    assert!(!shown.contains("hunter2") && !format!("{all:?}").contains("hunter2"));

    let (all, reading) = read(&text, &[("SANAQ_ALL_PASSWORD", "hunter3")]);
    assert_eq!(all.secret.unwrap().reveal(), "hunter3");
    assert!(!effective(&reading.unwrap().sections).contains("hunter3"));

    std::fs::write(&file, "\n").unwrap();
    assert_eq!(codes(&text, &[]), [("all.password_file".to_owned(), "empty")]);
    assert_eq!(codes("[all]\npassword = 'hunter2'", &[]), [("all.password".to_owned(), "unknown_key")]);
}

#[test]
fn the_reference_has_every_key_with_its_default_and_variable() {
    let sections = read("", &[]).1.unwrap().sections;
    let page = reference(&sections);
    assert!(page.contains("## `[all]`\n\nOne of each.\n"), "{page}");
    let count = "| `count`<br>`SANAQ_ALL_COUNT` | 1 to 1000 | `7` | G. |\n";
    assert!(page.contains(count), "{page}");
    assert!(page.contains("| duration, 1s to 1m | `5s` | H. |"), "{page}");
    assert!(page.contains("| alma or bota | `alma` | J \\| K. |"), "{page}");
    assert!(page.contains("`password_file`<br>`SANAQ_ALL_PASSWORD_FILE`"), "{page}");
    for key in &sections[0].keys {
        assert!(page.contains(&format!("| `{}`<br>", key.name)), "{}", key.name);
    }
}

#[test]
fn the_limits_of_a_listener_have_their_defaults_in_the_reference() {
    struct Public(crate::listener::Limits);

    impl Settings for Public {
        const SECTION: &'static str = "public";
        const DOC: &'static str = "For visitors.";

        fn read(keys: &mut Keys<'_>) -> Self {
            Self(crate::listener::Limits::read(keys))
        }
    }

    let mut document = Document::parse("", Environment::default());
    let public: Public = document.section();
    assert_eq!(public.0, crate::listener::Limits::default());
    assert!(reference(&document.finish().unwrap().sections).contains("| `75s` |"));
}
