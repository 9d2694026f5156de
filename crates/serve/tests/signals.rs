//! Signals to this very process. Its own binary with one test, because everybody in a process gets them.

use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

#[tokio::test]
async fn sigterm_and_sigint_each_ask_to_stop() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut stop = Box::pin(serve::signals::stop());
        let early = tokio::time::timeout(Duration::from_millis(10), &mut stop).await;
        assert!(early.is_err(), "nobody has asked yet");
        kill_process(getpid(), signal).unwrap();
        tokio::time::timeout(Duration::from_secs(20), stop).await.unwrap();
    }

    // Before the first poll: not lost.
    let stop = serve::signals::stop();
    kill_process(getpid(), Signal::INT).unwrap();
    tokio::time::timeout(Duration::from_secs(20), stop).await.unwrap();
}
