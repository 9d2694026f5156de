//! `sanaq serve`

use std::path::Path;
use std::pin::pin;

use anyhow::Context as _;
use engine::Launcher;
use serde_json::json;
use serve::clock::Clock;

use super::tell;
use crate::app::{Addresses, App, Surroundings};
use crate::cli::Serve;
use crate::config::Config;
use crate::exit::{Exit, Failure};

pub(super) fn run(options: &Serve) -> Result<Exit, Failure> {
    let config = Config::load(&options.installation)?.with_options(options);
    let hardened = collector::harden::process();
    serve::telemetry::init(config.log.format, config.log.level).map_err(Failure::unavailable)?;
    for variable in &config.reading.ignored_variables {
        tracing::warn!(code = "unknown_variable", variable, "this variable means nothing here");
    }
    if let Err(error) = hardened {
        tracing::warn!(code = "not_hardened", %error, "this process can't be closed to onlookers and core dumps");
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::unavailable)?;
    runtime.block_on(serve(config, options))
}

async fn serve(config: Config, options: &Serve) -> Result<Exit, Failure> {
    // From here on Ctrl-C stops in order, also while starting.
    let mut stop = pin!(serve::signals::stop());
    let program = std::env::current_exe().map_err(Failure::unavailable)?;
    let demo = config.public.demo;
    let launcher = Launcher { program, arguments: vec!["engine-child".into()] };
    let inherited = tokio::select! {
        inherited = collector::identity::inherit(&config.data.directory) => inherited,
        () = &mut stop => return Ok(Exit::Clean),
    };
    let app = App::build(config, Surroundings { clock: Clock::system(), launcher, inherited }).await?;

    let addresses = app.addresses().clone();
    let setup_link = app.setup_link()?;
    let readiness = app.readiness();
    let announce = async {
        readiness.wait().await;
        greet(&addresses, setup_link.as_deref(), demo);
        if let Some(file) = &options.announce {
            write_announcement(file, &addresses, setup_link.as_deref())?;
        }
        std::future::pending::<Result<Exit, Failure>>().await
    };
    tokio::select! {
        exit = app.run(stop) => Ok(exit),
        failed = announce => failed,
    }
}

/// What a person at the terminal wants to know. Not a log line: the set-up link must not end up in a log.
fn greet(addresses: &Addresses, setup_link: Option<&str>, demo: bool) {
    let Addresses { public, staff, operations } = addresses;
    tell(&format!(
        "\n  Sanaq is running.\n\n  website     {public}\n  staff       {staff}\n  operations  {operations}/metrics\n"
    ));
    if demo {
        tell(&format!("  demo site   {public}/demo/"));
    }
    match setup_link {
        Some(link) => tell(&format!(
            "  next        make yourself the first administrator (the link works once, for 24 hours):\n              {link}\n"
        )),
        None => tell(&format!("  next        sign in at {staff}\n")),
    }
    tell(
        "  Then open the demo site or paste a site's snippet into a page, and watch the visit arrive. Ctrl-C stops.\n",
    );
}

/// Written beside it and renamed: whoever waits for the file never reads half of it.
fn write_announcement(file: &Path, addresses: &Addresses, setup_link: Option<&str>) -> Result<(), Failure> {
    let text = json!({
        "public": addresses.public,
        "staff": addresses.staff,
        "operations": addresses.operations,
        "setup_link": setup_link,
    });
    let fresh = file.with_extension("new");
    std::fs::write(&fresh, text.to_string())
        .and_then(|()| std::fs::rename(&fresh, file))
        .with_context(|| format!("can't write {}", file.display()))
        .map_err(Failure::unavailable)
}
