//! What a connection costs while nothing happens on it: resident memory of the process, for each of so many.
//!
//! Connections are looked at as they come to be idle: those that have never sent anything, and those that have been answered and are
//! kept for the next beacon. Memory that the process has touched stays with it, so the second figure is the one to plan with.
//! What the kernel keeps for a socket is not in it.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use end_to_end::beacons::{Beacons, COUNT};
use end_to_end::program::{Program, Running};

/// KiB for each connection.
pub(crate) struct Idle {
    connections: usize,
    silent: f64,
    kept: f64,
    in_use: f64,
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, silent, kept, in_use } = self;
        write!(
            f,
            "{connections} idle connections, resident memory of the process for each:\n\
             never sent anything        {silent:.1} KiB\n\
             answered once, then kept   {kept:.1} KiB\n\
             answered ten times         {in_use:.1} KiB"
        )
    }
}

/// Opens so many connections to the real binary and looks at its memory.
pub(crate) fn measure(program: &Program, beacons: &Beacons, connections: usize) -> anyhow::Result<Idle> {
    let _all_there_are = serve::descriptors::raise();
    let mut installation = program.install()?;
    // None must be closed while it is looked at.
    for key in ["SANAQ_PUBLIC_HEAD_TIMEOUT", "SANAQ_PUBLIC_IDLE_TIMEOUT"] {
        installation.set(key, "10m");
    }
    installation.set("SANAQ_PUBLIC_CONNECTIONS", (connections * 2).to_string());
    let running = installation.start()?;
    // What is made once, for the first beacon.
    let mut first = connect(&running)?;
    for number in 0..1000 {
        ask(&mut first, beacons, number)?;
    }
    let before = resident_kib(&running)?;

    let mut all = Vec::with_capacity(connections);
    for _ in 0..connections {
        all.push(connect(&running)?);
    }
    opened(&running, connections + 1)?;
    let silent = resident_kib(&running)? - before;
    let mut asked = |times: usize| -> anyhow::Result<f64> {
        for number in 0..connections * times {
            ask(&mut all[number % connections], beacons, number)?;
        }
        running.delivered()?;
        opened(&running, connections + 1)?;
        Ok(resident_kib(&running)? - before)
    };
    let (kept, in_use) = (asked(1)?, asked(9)?);
    running.stop()?;
    let count = f64::from(u32::try_from(connections)?);
    Ok(Idle { connections, silent: silent / count, kept: kept / count, in_use: in_use / count })
}

fn connect(running: &Running) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(running.address()).context("can't connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

fn ask(stream: &mut TcpStream, beacons: &Beacons, number: usize) -> anyhow::Result<()> {
    stream.write_all(&beacons.all[number % COUNT].wire)?;
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer)?;
    ensure!(answer[..read].starts_with(b"HTTP/1.1 202 "), "{}", String::from_utf8_lossy(&answer[..read]));
    Ok(())
}

fn resident_kib(running: &Running) -> anyhow::Result<f64> {
    Ok(running.watched().memory()?.anonymous * 1024.0)
}

/// Waits until the program has accepted them all: the figure is of these, and of no fewer.
fn opened(running: &Running, connections: usize) -> anyhow::Result<()> {
    let series = "sanaq_connections_open{listener=\"public\"}";
    end_to_end::wait::until("every connection is accepted", Duration::from_secs(30), || {
        let open = running.metrics()?.value(series).context("no such series")?;
        Ok((open >= f64::from(u32::try_from(connections)?)).then_some(()))
    })
}
