//! Catching up: how fast a backlog reaches ClickHouse while beacons go on coming, and what their acknowledgements feel of it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use end_to_end::load::Load;
use end_to_end::rig::{Between, Rig};
use end_to_end::wait::until;

use crate::program::Program;

/// Longest wait for a backlog to build up, or to go.
const PATIENCE: Duration = Duration::from_secs(600);
/// Numbers of the beacons that fill the journal begin here, far from those of the steady client.
const FILLING: u64 = 10_000_000;

/// Lets `rows` gather while ClickHouse is away, then brings it back; all the time after the filling `rate` beacons come a second.
pub(crate) fn measure(program: &Program, seed: u64, rows: u64, rate: u64) -> anyhow::Result<String> {
    let rig = Rig::new(program, seed, Between::Proxy, None)?;
    let running = rig.installation.start()?;
    let waiting = || -> anyhow::Result<f64> { Ok(running.metrics()?.sum("sanaq_journal_rows")) };
    let delivered = || -> anyhow::Result<f64> { Ok(running.metrics()?.sum("sanaq_delivery_rows_total")) };

    let steady = Load::start(rig.order(&running, 32, Some(rate)), &rig.beacons)?;
    sleep(Duration::from_secs(2));
    steady.next_phase();
    sleep(Duration::from_secs(10));
    steady.next_phase();
    rig.proxy()?.close();
    let mut order = rig.order(&running, 64, None);
    order.first = FILLING;
    let filling = Load::start(order, &rig.beacons)?;
    #[allow(clippy::cast_precision_loss, reason = "a number of rows a journal can hold is small")]
    let enough = rows as f64;
    until("the backlog is there", PATIENCE, || Ok((waiting()? >= enough).then_some(())))?;
    filling.stop()?;
    steady.next_phase();
    sleep(Duration::from_secs(5));
    steady.next_phase();

    let (backlog, already) = (waiting()?, delivered()?);
    let before = (running.watched().times()?, rig.engine().map(|engine| engine.times()).transpose()?);
    rig.proxy()?.open();
    until("ClickHouse is reached again", PATIENCE, || Ok((delivered()? > already).then_some(())))?;
    let begun = Instant::now();
    let first = delivered()?;
    #[allow(clippy::cast_precision_loss, reason = "a rate is a small number")]
    let ordinary = 2.0 * rate as f64;
    until("the backlog is gone", PATIENCE, || Ok((waiting()? <= ordinary).then_some(())))?;
    let (took, rows) = (begun.elapsed().as_secs_f64(), delivered()? - first);
    let collector = (running.watched().times()? - before.0).total();
    let memory = running.watched().memory()?;
    let engine = rig.engine().map(|engine| engine.times()).transpose()?;
    let engine = engine.zip(before.1).map(|(after, before)| (after - before).total());
    steady.next_phase();
    sleep(Duration::from_secs(3));
    let done = steady.stop()?;
    running.delivered_within(PATIENCE)?;

    let per_row = |time: Duration| time.as_secs_f64() * 1e6 / (rows + backlog.min(first - already));
    let per_second = rows / took;
    let [_, before, _, away, drain, ..] = done.phases.as_slice() else { anyhow::bail!("a phase is missing") };
    Ok(format!(
        "backlog {backlog:.0} rows; {per_second:.0} rows/s, {:.0} times the {rate}/s that come meanwhile ({took:.1} s)\n\
         processor for a row: collector {:.2} us, ClickHouse {:.2} us; collector's memory {memory}\n\
         acknowledgements before:           {}\n\
         acknowledgements while away:       {}\n\
         acknowledgements while catching up: {}",
        per_second / (ordinary / 2.0),
        per_row(collector),
        engine.map_or(0.0, per_row),
        before.acks,
        away.acks,
        drain.acks,
    ))
}
