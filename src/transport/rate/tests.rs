//! On a clock that stands still until all tasks wait for it.

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// No call to the system moves more.
const MOST_AT_ONCE: usize = 256 * 1024;

/// Bytes a second, from a slow peer's to more than this machine can do.
const RATES: [f64; 6] = [1e4, 12_345.6, 1e5, 1e6, 1e8, 1e9];

/// Runs a test on a clock of its own.
fn run(test: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(test);
}

fn limit(rate: f64, parent: Option<&Arc<RateLimit>>) -> Arc<RateLimit> {
    let limit = RateLimit::new(parent.cloned());
    limit.set(Direction::Download, rate);
    limit
}

/// A connection that has always more to read: `at_once` bytes at a time.
struct Peer {
    passed: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Peer {
    fn begin(limit: &Arc<RateLimit>, at_once: usize) -> Self {
        let passed = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn({
            let passed = passed.clone();
            let limit = limit.clone();
            async move {
                loop {
                    let turn = limit.turn(Direction::Download).await;
                    let length = turn.length().min(at_once);
                    turn.passed(length);
                    passed.fetch_add(length as u64, Ordering::Relaxed);
                }
            }
        });
        Self { passed, task }
    }

    fn count(&self) -> f64 {
        self.passed.load(Ordering::Relaxed) as f64
    }

    /// How much passes in a while.
    async fn measure(&self, time: Duration) -> f64 {
        let before = self.count();
        sleep(time).await;
        self.count() - before
    }
}

#[track_caller]
fn assert_near(what: &str, is: f64, should: f64, share: f64) {
    assert!((is - should).abs() <= should * share, "{what}: {is} where it should be {should}");
}

#[test]
fn a_second_has_its_bytes() {
    for rate in RATES {
        run(async move {
            let limit = limit(rate, None);
            let peer = Peer::begin(&limit, MOST_AT_ONCE);
            for second in 0..5 {
                let passed = peer.measure(SECOND).await;
                assert_near(&format!("second {second} of {rate}"), passed, rate, 0.02);
            }
        });
    }
}

#[test]
fn a_connection_that_was_idle_has_no_more() {
    for rate in RATES {
        run(async move {
            let limit = limit(rate, None);
            sleep(100 * SECOND).await;
            let peer = Peer::begin(&limit, MOST_AT_ONCE);
            let passed = peer.measure(SECOND).await;
            assert_near(&format!("the first second of {rate}"), passed, rate, 0.02);
        });
    }
}

#[test]
fn connections_share_a_limit_in_equal_parts() {
    for rate in RATES {
        run(async move {
            let limit = limit(rate, None);
            let peers: Vec<_> = (0..20).map(|_| Peer::begin(&limit, MOST_AT_ONCE)).collect();
            sleep(10 * SECOND).await;
            for peer in &peers {
                assert_near(&format!("one of 20 at {rate}"), peer.count(), rate / 2.0, 0.05);
            }
            let all: f64 = peers.iter().map(Peer::count).sum();
            assert_near(&format!("all of 20 at {rate}"), all, rate * 10.0, 0.02);
        });
    }
}

#[test]
fn who_has_little_to_say_takes_nothing_from_the_others() {
    run(async {
        let limit = limit(1e6, None);
        let busy = Peer::begin(&limit, MOST_AT_ONCE);
        for _ in 0..100 {
            let limit = limit.clone();
            tokio::spawn(async move {
                loop {
                    sleep(Duration::from_millis(100)).await;
                    limit.turn(Direction::Download).await.passed(9);
                }
            });
        }
        let passed = busy.measure(10 * SECOND).await;
        assert_near("what the haves leave", passed, 10.0 * (1e6 - 9000.0), 0.02);
    });
}

#[test]
fn limits_nest() {
    run(async {
        let all = limit(1e6, None);
        let slow = limit(1e5, Some(&all));
        let fast = limit(f64::INFINITY, Some(&all));
        let first = [Peer::begin(&slow, MOST_AT_ONCE), Peer::begin(&slow, MOST_AT_ONCE)];
        let slower = limit(2e4, Some(&fast));
        let second = [Peer::begin(&fast, MOST_AT_ONCE), Peer::begin(&slower, MOST_AT_ONCE)];
        sleep(10 * SECOND).await;
        for peer in &first {
            assert_near("a half of the slow torrent", peer.count(), 5e5, 0.03);
        }
        assert_near("the slower peer", second[1].count(), 2e5, 0.02);
        assert_near("what is left", second[0].count(), 1e7 - 1e6 - 2e5, 0.02);
    });
}

#[test]
fn a_limit_below_its_share_gets_all_of_it_among_many() {
    run(async {
        let all = limit(1e6, None);
        let few = limit(2e4, Some(&all));
        let many = limit(9e4, Some(&all));
        let others: Vec<_> = (0..9).map(|_| Peer::begin(&all, MOST_AT_ONCE)).collect();
        let few = Peer::begin(&few, MOST_AT_ONCE);
        let many = Peer::begin(&many, MOST_AT_ONCE);
        sleep(20 * SECOND).await;
        assert_near("far below its share", few.count(), 4e5, 0.02);
        // Its share is 98,900 bytes a second.
        assert_near("a little below its share", many.count(), 18e5, 0.05);
        for other in others {
            assert_near("one of the others", other.count(), 20.0 * 890_000.0 / 9.0, 0.05);
        }
    });
}

#[test]
fn a_change_counts_at_once() {
    run(async {
        let limit = limit(1.0, None);
        let peers: Vec<_> = (0..3).map(|_| Peer::begin(&limit, MOST_AT_ONCE)).collect();
        sleep(Duration::from_millis(500)).await;
        let mut before = 0.0;
        for rate in [1e6, 1e4, 0.0, 1e8, 12_345.0, 1e9] {
            limit.set(Direction::Download, rate);
            sleep(SECOND).await;
            let count = peers.iter().map(Peer::count).sum::<f64>();
            assert_near(&format!("the second after {rate} was set"), count - before, rate, 0.02);
            before = count;
        }
    });
}

#[test]
fn directions_know_nothing_of_each_other() {
    run(async {
        let limit = limit(0.0, None);
        let start = Instant::now();
        limit.turn(Direction::Upload).await.passed(1 << 30);
        limit.set(Direction::Upload, 1e6);
        let download = tokio::spawn({
            let limit = limit.clone();
            async move { limit.turn(Direction::Download).await.length() }
        });
        limit.turn(Direction::Upload).await.passed(1000);
        assert!(start.elapsed() < Duration::from_millis(20));
        assert!(!download.is_finished());
        limit.set(Direction::Download, f64::INFINITY);
        assert_eq!(download.await.unwrap(), usize::MAX);
        assert_eq!(start.elapsed(), start.elapsed().min(Duration::from_millis(20)));
    });
}

#[test]
fn who_gives_up_hands_its_turn_on() {
    run(async {
        let parent = limit(0.0, None);
        let child = limit(1e6, Some(&parent));
        let waiting: Vec<_> = (0..10).map(|_| Peer::begin(&child, MOST_AT_ONCE)).collect();
        sleep(SECOND).await;
        for peer in &waiting[..9] {
            peer.task.abort();
        }
        parent.set(Direction::Download, 1e5);
        let passed = waiting[9].measure(SECOND).await;
        assert_near("the one that stayed", passed, 1e5, 0.02);
        assert!(waiting[..9].iter().all(|peer| peer.count() == 0.0));
    });
}

#[test]
fn a_turn_at_once_is_only_for_who_finds_nobody_waiting() {
    run(async {
        let limit = RateLimit::new(None);
        limit.set(Direction::Upload, 1e6);
        assert!(limit.try_turn(Direction::Upload, 1).is_none(), "nothing was saved up");
        sleep(SECOND).await;
        assert!(limit.try_turn(Direction::Upload, 16_001).is_none(), "more than is kept");
        let turn = limit.try_turn(Direction::Upload, 16_000).unwrap();
        assert!(limit.try_turn(Direction::Upload, 1).is_none(), "it is another's turn");
        turn.passed(1000);
        limit.try_turn(Direction::Upload, 15_000).unwrap().passed(15_000);
        tokio::select! {
            biased;
            turn = limit.turn(Direction::Upload) => panic!("a turn for {}", turn.length()),
            () = std::future::ready(()) => {}
        }
        sleep(Duration::from_millis(8)).await;
        limit.try_turn(Direction::Upload, 8000).unwrap().passed(8000);
    });
}

#[test]
fn little_waits_at_a_slow_limit() {
    run(async {
        let all = RateLimit::new(None);
        let one = RateLimit::new(Some(all.clone()));
        assert_eq!(one.high_water(), None);
        one.set(Direction::Upload, 2e5);
        assert_eq!(one.high_water(), Some(50_000));
        all.set(Direction::Upload, 1e4);
        assert_eq!(one.high_water(), Some(16_384));
        one.set(Direction::Upload, 1e9);
        all.set(Direction::Upload, 1e9);
        assert_eq!(one.high_water(), Some(250_000_000));
    });
}

#[test]
fn a_late_thread_loses_nothing() {
    run(async {
        let limit = limit(1e5, None);
        let peer = Peer::begin(&limit, MOST_AT_ONCE);
        // The clock jumps: whoever waits for less than that is late.
        let jump = Duration::from_millis(38);
        for _ in 0..300 {
            advance(jump).await;
        }
        assert_near("what passed", peer.count(), 1e5 * 300.0 * 0.038, 0.02);
    });
}

#[derive(Debug, Clone)]
struct Plan {
    rates: [f64; 3],
    /// What a peer reads at once, and at which of the limits.
    peers: Vec<(usize, usize)>,
    changes: Vec<(u64, usize, f64)>,
}

fn rate() -> impl Strategy<Value = f64> {
    (4.0..9.0).prop_map(|power: f64| 10f64.powf(power))
}

fn plan() -> impl Strategy<Value = Plan> {
    let peers = prop::collection::vec((1usize..MOST_AT_ONCE, 0usize..3), 1..12);
    let changes = prop::collection::vec((1u64..400, 0usize..3, rate()), 0..6);
    (prop::array::uniform3(rate()), peers, changes).prop_map(|(rates, peers, changes)| Plan {
        rates,
        peers,
        changes,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Of two limits below one, whatever is asked of them, none lets more pass than it may, at any
    /// time.
    #[test]
    fn no_limit_lets_too_much_pass(plan in plan()) {
        run(async move {
            let all = limit(plan.rates[0], None);
            let limits = [
                all.clone(),
                limit(plan.rates[1], Some(&all)),
                limit(plan.rates[2], Some(&all)),
            ];
            let peers: Vec<_> = plan
                .peers
                .iter()
                .map(|&(at_once, at)| (at, Peer::begin(&limits[at], at_once)))
                .collect();
            let passed = |at: usize| -> f64 {
                peers.iter().filter(|(place, _)| at == 0 || at == *place).map(|(_, peer)| peer.count()).sum()
            };
            let mut rates = plan.rates;
            let mut allowed = [0.0; 3];
            let mut changes = plan.changes.iter();
            loop {
                let change = changes.next();
                let time = change.map_or(1000, |change| change.0);
                for _ in 0..time / 5 + 1 {
                    sleep(Duration::from_millis(5)).await;
                    for at in 0..3 {
                        allowed[at] += rates[at] * 0.005;
                        // What is kept in a turn, and the byte that a slow limit counts by.
                        let kept = rates.iter().fold(0.0, |a: f64, &b| a.max(b)) * 0.096 + 2.0;
                        assert!(
                            passed(at) <= allowed[at] + kept,
                            "limit {at}: {} of {} in {plan:?}", passed(at), allowed[at],
                        );
                    }
                }
                let Some(&(_, at, rate)) = change else { break };
                limits[at].set(Direction::Download, rate);
                rates[at] = rate;
            }
            // And as much as it may passes where somebody wants it.
            let before = passed(0);
            sleep(2 * SECOND).await;
            let below = |at: usize| if plan.peers.iter().any(|peer| peer.1 == at) { rates[at] } else { 0.0 };
            let wanted = if below(0) > 0.0 { f64::INFINITY } else { below(1) + below(2) };
            let at_least = 2.0 * rates[0].min(wanted);
            assert!(passed(0) - before >= 0.98 * at_least - 2.0, "{} of {at_least} in {plan:?}", passed(0) - before);
        });
    }
}

/// Waiting for a turn that never comes is no work.
#[test]
fn nothing_happens_at_a_limit_of_nothing() {
    run(async {
        let limit = limit(0.0, None);
        let peer = Peer::begin(&limit, MOST_AT_ONCE);
        tokio::select! {
            () = pending() => {}
            () = sleep(1000 * SECOND) => {}
        }
        assert_eq!(peer.count(), 0.0);
    });
}
