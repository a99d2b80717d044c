//! Allocations counted, for tests that look for leaks: an object, a buffer or a future that a host has not freed is one.

#[cfg(debug_assertions)]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// How many allocations of this library are alive in this process. Only a debug build counts them; others say 0.
#[uniffi::export]
pub fn live_allocations() -> u64 {
    #[cfg(debug_assertions)]
    {
        let stats = ALLOCATOR.stats();
        (stats.allocations as u64).saturating_sub(stats.deallocations as u64)
    }
    #[cfg(not(debug_assertions))]
    0
}
