//! Links the addon against Node.js; the engine alone needs nothing of it.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}
