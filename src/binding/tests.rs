//! The unsafe code, without Node.js: see [`fake_node`](super::fake_node).

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::thread;

use napi::Env;
use napi::bindgen_prelude::Uint32Array;

use super::callback::{create_plain, create_with_bytes};
use super::fake_node::{Node, Value, call, collect, view};
use super::memory::Memory;
use super::waker::Waker;
use crate::boundary::codes::*;
use crate::boundary::slots::*;
use crate::boundary::{Page, Wires};

#[test]
fn a_function_runs_on_what_is_shared_until_it_is_collected() {
    let node = Node::new();
    let shared = Rc::new(Cell::new(0));
    let function = create_plain(node.cast(), &shared, |count| count.set(count.get() + 1)).unwrap();
    assert_eq!(Rc::strong_count(&shared), 2);
    // SAFETY: the function lives until it is collected, and the environment longer.
    unsafe {
        call(node, function, &mut []);
        call(node, function, &mut []);
        collect(node, function);
        Node::end(node);
    }
    assert_eq!(shared.get(), 2);
    assert_eq!(Rc::strong_count(&shared), 1, "nothing is kept");
}

#[test]
fn a_function_that_cannot_be_made_keeps_nothing() {
    let node = Node::new();
    let shared = Rc::new(());
    // SAFETY: nobody else has the environment.
    unsafe { (*node).is_failing.set(true) };
    assert!(create_plain(node.cast(), &shared, |_| {}).is_err());
    assert!(create_with_bytes(node.cast(), &shared, |_, _, _| {}).is_err());
    assert_eq!(Rc::strong_count(&shared), 1);
    // SAFETY: as above.
    unsafe { Node::end(node) };
}

/// What a function of bytes was called with.
type Calls = RefCell<Vec<(usize, Vec<u8>)>>;

/// Notes what it is called with, and writes the source over the bytes.
fn copy(calls: &Calls, bytes: &mut [u8], source: &[u8]) {
    calls.borrow_mut().push((bytes.len(), source.to_vec()));
    let length = bytes.len().min(source.len());
    bytes[..length].copy_from_slice(&source[..length]);
}

#[test]
fn a_function_of_bytes_reads_one_view_and_writes_the_other() {
    let node = Node::new();
    let calls = Rc::new(Calls::default());
    let function = create_with_bytes(node.cast(), &calls, copy).unwrap();
    let mut bytes = *b"abcdef";
    let mut source = *b"123";
    let no_memory = || Value::Bytes { data: std::ptr::null_mut(), length: 0 };
    // SAFETY: the views are of memory that lives, and that nobody touches during a call.
    unsafe {
        call(node, function, &mut [view(&mut bytes), view(&mut source)]);
        call(node, function, &mut [view(&mut bytes[3..])]);
        call(node, function, &mut [no_memory(), view(&mut source[1..])]);
        call(node, function, &mut [view(&mut bytes[..0]), no_memory()]);
        // Neighbours do not overlap.
        let (left, right) = bytes.split_at_mut(3);
        call(node, function, &mut [view(right), view(left)]);
        collect(node, function);
        assert_eq!((*node).take_thrown(), 0);
        Node::end(node);
    }
    assert_eq!(&bytes, b"123123");
    let expected: [(usize, &[u8]); 5] = [(6, b"123"), (3, b""), (0, b"23"), (0, b""), (3, b"123")];
    assert!(calls.borrow().iter().map(|(length, source)| (*length, &source[..])).eq(expected));
}

#[test]
fn views_that_overlap_and_what_is_no_view_are_refused() {
    let node = Node::new();
    let calls = Rc::new(Calls::default());
    let function = create_with_bytes(node.cast(), &calls, copy).unwrap();
    let mut bytes = *b"abcdef";
    let data = bytes.as_mut_ptr();
    // As JavaScript makes them of one buffer.
    let part = |start: usize, length| Value::Bytes { data: data.wrapping_add(start), length };
    // SAFETY: as above.
    unsafe {
        for mut arguments in [
            [part(0, 6), part(0, 6)],
            [part(0, 4), part(3, 3)],
            [part(3, 3), part(0, 4)],
            [part(1, 1), part(0, 6)],
            [part(0, 6), Value::Undefined],
            [Value::Undefined, part(0, 6)],
        ] {
            call(node, function, &mut arguments);
            assert_eq!((*node).take_thrown(), 1);
        }
        call(node, function, &mut []);
        assert_eq!((*node).take_thrown(), 1);
        collect(node, function);
        Node::end(node);
    }
    assert!(calls.borrow().is_empty());
    assert_eq!(&bytes, b"abcdef");
}

fn states(wires: u32) -> Uint32Array {
    Uint32Array::new(vec![0; (STATE_LENGTH * wires) as usize])
}

fn name(page: Page<'_>, wire: (u32, u32)) {
    page.set(SLOT_WIRE, wire.0);
    page.set(SLOT_GENERATION, wire.1);
}

#[test]
fn wires_are_driven_through_memory_that_grows() {
    let page = || Uint32Array::new(vec![0; PAGE_LENGTH as usize]);
    assert!(Memory::new(Uint32Array::new(vec![0; 3]), states(1)).is_err());
    let mut memory = Memory::new(page(), states(2)).unwrap();
    let wires = Wires::default();
    let open = |memory: &Memory| {
        let page = memory.page();
        for (i, limit) in [1 << 20, 1 << 20, 2000, 1 << 16, 0].into_iter().enumerate() {
            page.set(SLOT_RUN + i as u32, limit);
        }
        wires.open(page);
        (page.get(SLOT_WIRE), page.get(SLOT_GENERATION))
    };
    let first = open(&memory);
    assert_ne!(first.0, NONE);
    assert_eq!(open(&memory).0, NONE, "no room: indices begin at 1");
    memory.grow(states(4)).unwrap();
    assert!(memory.grow(states(2)).is_err());
    let second = open(&memory);
    assert_ne!(second.0, NONE);
    let page = memory.page();
    // The name of a wire that is gone never becomes another's.
    for _ in 0..3 {
        wires.close(page);
        let next = open(&memory);
        assert_eq!(next.0, second.0);
        assert_ne!(next.1, second.1);
        name(page, second);
        wires.poll(page);
        assert_eq!(page.get(SLOT_RESULT), EVENT_GONE);
        name(page, next);
    }
    name(page, first);
    wires.poll(page);
    assert_ne!(page.get(SLOT_RESULT), EVENT_GONE, "it went on in the longer array");
    wires.on_panic(page);
    assert_eq!(wires.count(), 1);
}

#[test]
fn a_waker_is_called_from_any_thread_until_it_is_closed() {
    let node = Node::new();
    let env = Env::from_raw(node.cast());
    let waker = Waker::create(&env, std::ptr::null_mut(), std::ptr::null_mut()).unwrap();
    let ended = node;
    // SAFETY: it lives until its end.
    let node = unsafe { &*node };
    assert!(!node.is_kept_alive());
    waker.keep_alive(&env, true).unwrap();
    assert!(node.is_kept_alive());
    waker.wake();
    assert_eq!(node.called(), 1);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| waker.wake());
        }
        scope.spawn(|| waker.close());
    });
    let called = node.called();
    assert!(called <= 3);
    waker.wake();
    waker.keep_alive(&env, false).unwrap();
    waker.close();
    assert_eq!(node.called(), called, "nothing is called any more");
    // SAFETY: nobody uses it any more.
    unsafe { Node::end(ended) };
}
