//! `cargo bench --no-default-features --bench mse`: RC4 and the key agreement, each alone.
//!
//! To compare with OpenSSL's assembly, in the same minute on the same machine:
//! `openssl speed -provider legacy -provider default -evp rc4 -bytes 16384`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bittorrent_protocol_native::wire::mse::{KeyAgreement, Level, Negotiation, Options, Rc4};
use rc4::{KeyInit, StreamCipher};

fn main() {
    rc4_rates();
    key_agreements();
    handshake_without_its_jobs();
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

/// What is left for the thread that owns the connections.
fn handshake_without_its_jobs() {
    let mut random = |bytes: &mut [u8]| bytes.fill(0xa5);
    let options = Options { level: Level::Rc4Only, require_encryption: true };
    let mut agreements = Vec::new();
    let mut handshake = |agreements: &mut Vec<KeyAgreement>, keep: bool| {
        let mut agree = |negotiation: &mut Negotiation, index: usize| {
            let job = negotiation.poll_job().unwrap();
            if keep {
                agreements.push(job.run(&mut random));
            }
            negotiation.handle_key_agreement(agreements[index].clone());
            negotiation.take_output()
        };
        let mut a = Negotiation::initiator(options);
        let mut b = Negotiation::responder(options);
        a.start([1; 20]);
        let step_1 = agree(&mut a, 0);
        let taken = b.handle_input(&step_1).unwrap();
        let step_2 = agree(&mut b, 1);
        b.handle_input(&step_1[taken..]).unwrap();
        let taken = a.handle_input(&step_2).unwrap();
        let step_3 = agree(&mut a, 2);
        a.handle_input(&step_2[taken..]).unwrap();
        b.set_info_hash([1; 20]);
        b.handle_input(&step_3).unwrap();
        a.handle_input(&b.take_output()).unwrap();
        assert!(a.take_outcome().is_some() && b.take_outcome().is_some());
    };
    handshake(&mut agreements, true);
    report_time("both ends without their jobs", median(|| handshake(&mut agreements, false)));
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
