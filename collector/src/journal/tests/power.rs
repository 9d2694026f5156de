//! Power fails before every call of the disk, and what was not synced has every fate.
//!
//! Short runs are tried whole: each call × each fate of each file's unsynced sectors and names. Longer ones, generated, are tried
//! at each call with sampled fates, and with a second cut while the journal recovers from the first. `SANAQ_CHAOS=long` tries
//! many more of these from `SANAQ_CHAOS_SEED`; every failure names its seed.

use proptest::strategy::ValueTree as _;

use super::super::model::SECTOR;
use super::*;

/// All runs of choices, one after another: the last choice that has another value takes it, those behind it begin anew.
#[derive(Default)]
struct Fates {
    /// What was chosen, of how many.
    path: Vec<(usize, usize)>,
    at: usize,
}

impl Fates {
    fn choose(&mut self, bound: usize) -> usize {
        if self.at == self.path.len() {
            self.path.push((0, bound));
        }
        self.at += 1;
        self.path[self.at - 1].0
    }

    /// Goes on to the next run; whether there is one.
    fn next(&mut self) -> bool {
        self.at = 0;
        while let Some((chosen, bound)) = self.path.last_mut() {
            *chosen += 1;
            if chosen < bound {
                return true;
            }
            self.path.pop();
        }
        false
    }
}

/// Which promise is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Breach {
    None,
    /// Rows are acknowledged before they are synced.
    AcknowledgesEarly,
    /// A sync does nothing: of bytes, or of names, as if it had been forgotten.
    Forgets(Call),
}

/// Plays the steps on a disk that loses power before the call of this number.
fn until(cut_at: usize, steps: &[Step], breach: Breach) -> Result<Play, String> {
    let disk = match breach {
        Breach::Forgets(call) => ModelDisk::lying(&[call]),
        Breach::None | Breach::AcknowledgesEarly => ModelDisk::default(),
    };
    disk.cut_power_at(cut_at);
    let mut play = Play::new(disk);
    play.bench.acknowledges_early = breach == Breach::AcknowledgesEarly;
    play.bench.restart(None);
    play.steps(steps)?;
    Ok(play)
}

/// The number of calls that the steps come to.
fn calls(steps: &[Step]) -> usize {
    let play = until(usize::MAX, steps, Breach::None).unwrap();
    assert!(!play.world.acknowledged.is_empty(), "a run in which nothing is promised proves nothing");
    play.bench.disk.calls()
}

/// Another journal, on what this one's disk has become.
fn on(disk: ModelDisk, world: &World) -> Play {
    Play { bench: Bench::new(disk, SMALL), world: world.clone() }
}

/// Every call × every fate. Gives how many there were.
fn all_fates(steps: &[Step], breach: Breach) -> Result<usize, String> {
    let mut tried = 0;
    for cut_at in 0..=calls(steps) {
        let play = until(cut_at, steps, breach)?;
        let mut fates = Fates::default();
        loop {
            let disk = play.bench.disk.after_power_cut(SECTOR, |bound| fates.choose(bound));
            on(disk, &play.world)
                .end()
                .map_err(|error| format!("{error}: power cut before call {cut_at}, fate {:?}", fates.path))?;
            tried += 1;
            if !fates.next() {
                break;
            }
        }
    }
    Ok(tried)
}

/// Every call × some fates, × some second cuts while the journal recovers and delivers what the first left. Gives how many.
fn some_fates(steps: &[Step], seed: usize, fates: usize, breach: Breach) -> Result<usize, String> {
    let mut tried = 0;
    for cut_at in 0..=calls(steps) {
        let play = until(cut_at, steps, breach)?;
        for number in 0..fates {
            let seed = seed.wrapping_mul(31).wrapping_add(cut_at * fates + number);
            let say = |error| format!("{error}: power cut before call {cut_at}, fate {seed}");
            let mut choose = fate(seed);
            let disk = play.bench.disk.after_power_cut(1, &mut choose);
            disk.cut_power_at(choose(24));
            let mut second = on(disk, &play.world);
            // Nothing can be delivered once the power is gone; what was until then counts.
            while second.bench.journal.is_some()
                && second.world.warehouse.take(&mut second.bench, true).map_err(say)?
            {}
            let disk = second.bench.disk.after_power_cut(1, &mut choose);
            on(disk, &second.world).end().map_err(say)?;
            tried += 1;
        }
    }
    Ok(tried)
}

fn append(rows: usize, length: usize) -> Step {
    Step::Append { rows, day: 1, length }
}

/// Appends of one group and of several, a seal, a delivery, a rotation because the segment is full, a restart, failures.
fn scripts() -> Vec<Vec<Step>> {
    let deliver = |reply| Step::Deliver { reply };
    vec![
        vec![append(1, 0), append(2, 0), append(1, 30)],
        vec![append(1, 0), Step::Seal, append(1, 0), deliver(true), append(1, 0), Step::Seal],
        vec![append(2, 0), Step::Seal, deliver(false), Step::Restart, deliver(true), append(1, 0)],
        vec![append(7, 0), append(3, 0), deliver(true), append(1, 0)],
        vec![append(1, 0), Step::Restart, append(1, 0), Step::Restart, deliver(true)],
        vec![append(1, 0), Step::Fail(Call::Sync), append(1, 0), append(1, 0), Step::Seal],
        vec![append(1, 0), Step::Fail(Call::SyncNames), Step::Seal, append(1, 0), Step::Seal, deliver(true)],
        vec![append(1, 0), Step::Fail(Call::Append), append(1, 0), Step::Restart, append(1, 0)],
    ]
}

#[test]
fn whatever_becomes_of_what_was_not_synced_nothing_acknowledged_is_lost() {
    let mut tried = 0;
    for (number, script) in scripts().iter().enumerate() {
        tried += all_fates(script, Breach::None).unwrap_or_else(|error| panic!("script {number}: {error}"));
    }
    println!("{tried} power cuts, each with a fate of its own");
    assert!(tried > 2_000, "{tried}");
}

#[test]
fn acknowledging_before_the_sync_is_caught() {
    for script in scripts() {
        let error = all_fates(&script, Breach::AcknowledgesEarly).unwrap_err();
        assert!(error.contains("was acknowledged and is lost"), "{error}");
    }
}

#[test]
fn a_forgotten_sync_of_bytes_or_of_names_is_caught() {
    for call in [Call::Sync, Call::SyncNames] {
        for script in scripts() {
            let error = all_fates(&script, Breach::Forgets(call)).unwrap_err();
            assert!(
                error.contains("is lost")
                    || error.contains("under the same token")
                    || error.contains("twice"),
                "{error}"
            );
        }
    }
}

/// Steps without a power cut of their own.
fn calm() -> impl Strategy<Value = Step> {
    step().prop_filter("the cut comes from outside", |step| !matches!(step, Step::PowerCut { .. }))
}

/// Runs of steps from a seed, each tried at each of its calls.
fn generated(seed: u64, runs: usize, steps: usize, fates: usize) -> usize {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &bytes);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let script = prop::collection::vec(calm(), 1..steps);
    let mut tried = 0;
    for run in 0..runs {
        let mut script = script.new_tree(&mut runner).unwrap().current();
        // A run in which nothing is promised proves nothing.
        script.insert(0, append(1, 0));
        tried += some_fates(&script, run, fates, Breach::None)
            .unwrap_or_else(|error| panic!("seed {seed}, run {run}: {error}\n{script:#?}"));
    }
    tried
}

#[allow(clippy::disallowed_methods, reason = "`make chaos` asks for the long form")]
fn asked(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

#[test]
fn in_generated_runs_power_may_fail_before_any_call_and_again_in_recovery() {
    let long = asked("SANAQ_CHAOS").is_some_and(|form| form == "long");
    let seed = asked("SANAQ_CHAOS_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    println!("seed {seed} (SANAQ_CHAOS_SEED)");
    let tried = if long { generated(seed, 100, 30, 8) } else { generated(seed, 25, 20, 2) };
    println!("{tried} power cuts in generated runs, each followed by a second");
    assert!(tried > 1_000, "{tried}");
}
