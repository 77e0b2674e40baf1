//! `cargo bench --no-default-features --bench mse`: RC4 and the key agreement, each alone.
//!
//! To compare with OpenSSL's assembly, in the same minute on the same machine:
//! `openssl speed -provider legacy -provider default -evp rc4 -bytes 16384`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bittorrent_protocol_native::wire::mse::{Level, Negotiation, Options, Rc4};
use rc4::{KeyInit, StreamCipher};

fn main() {
    rc4_rates();
    key_agreements();
}

fn rc4_rates() {
    let block = [0x5au8; 16_384];
    let mut out = block;
    let key = *b"a key of 20 bytes...";

    let mut ours = Rc4::new(&key);
    let time = median(|| ours.apply(black_box(&block), black_box(&mut out)));
    report_rate("rc4 apply, 16 KiB", block.len(), time);
    let time = median(|| ours.apply_in_place(black_box(&mut out)));
    report_rate("rc4 apply_in_place, 16 KiB", block.len(), time);
    let mut theirs = rc4::Rc4::new_from_slice(&key).unwrap();
    let time = median(|| theirs.apply_keystream(black_box(&mut out)));
    report_rate("rc4 crate, 16 KiB", block.len(), time);
    let time = median(|| {
        let mut cipher = Rc4::new(black_box(&key));
        cipher.discard(1024);
        black_box(&cipher);
    });
    report_time("rc4 key schedule, 1024 discarded", time);
}

fn key_agreements() {
    let mut random = |bytes: &mut [u8]| bytes.fill(0xa5);
    let options = Options { level: Level::Rc4Only, require_encryption: true };
    let mut a = Negotiation::initiator(options);
    let mut b = Negotiation::responder(options);

    a.start([1; 20]);
    let job = a.poll_job().unwrap();
    report_time("job of step 1: Ya", median(|| drop(black_box(job.clone().run(&mut random)))));
    a.handle_key_agreement(job.run(&mut random));

    b.handle_input(&a.take_output()).unwrap();
    let job = b.poll_job().unwrap();
    report_time(
        "job of step 2: Yb and S",
        median(|| drop(black_box(job.clone().run(&mut random)))),
    );
    b.handle_key_agreement(job.run(&mut random));

    a.handle_input(&b.take_output()).unwrap();
    let job = a.poll_job().unwrap();
    report_time("job of step 3: S", median(|| drop(black_box(job.clone().run(&mut random)))));
}

/// The median time of one `work`, of 41 samples of about 20 ms each.
fn median(mut work: impl FnMut()) -> Duration {
    let once = {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let runs =
        (Duration::from_millis(20).as_nanos() / once.as_nanos().max(1)).clamp(1, 1_000_000) as u32;
    let mut samples: Vec<_> = (0..41)
        .map(|_| {
            let start = Instant::now();
            (0..runs).for_each(|_| work());
            start.elapsed() / runs
        })
        .collect();
    samples.sort_unstable();
    samples[samples.len() / 2]
}

fn report_rate(what: &str, bytes: usize, time: Duration) {
    println!("{what:32} {:8.0} MB/s", bytes as f64 / micros(time));
}

fn report_time(what: &str, time: Duration) {
    println!("{what:32} {:8.2} µs", micros(time));
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
