//! Where key bytes lie in this process: 32-byte cells in pages that no swap, no core dump and no child process gets to see.
//! The only file of this crate with unsafe code.
//!
//! A region of cells is, by what the machine gives:
//!
//! | protection | pages |
//! |---|---|
//! | `secret` | `memfd_secret`: mapped into this process alone; not even the kernel or `/proc/…/mem` can read them |
//! | `locked` | anonymous, `mlock`ed, left out of dumps (`MADV_DONTDUMP`), blank in a fork (`MADV_WIPEONFORK`) |
//! | `plain` | ordinary: the limit of locked memory is used up, or there are no such calls |
//!
//! A cell is overwritten when it is dropped, and used again. Regions are never given back: there are as many as the busiest
//! day had keys, 512 keys each. [`wipe_traces`] is for the one kind of copy that cells can't prevent:
//! what hashing leaves on the stack and in registers.
#![allow(
    unsafe_code,
    reason = "the key vault's one file: mapping and locking pages and clearing registers have no safe form"
)]

use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroize;

/// Bytes of a key.
const CELL: usize = 32;
/// Bytes of a region: a whole number of pages on most machines, and rounded up by the kernel on the others.
const REGION: usize = 16 << 10;
/// Deeper than any hash reaches below the frame that calls [`wipe_traces`]; a test of the whole process shows that it is enough.
const STACK_REACHED: usize = 16 << 10;

/// How well the worst region is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// Ordinary memory.
    Plain,
    /// Locked into memory and left out of dumps.
    Locked,
    /// Mapped into this process alone.
    Secret,
}

impl Protection {
    /// Every protection there is.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Locked, Self::Secret];

    /// The label in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Locked => "locked",
            Self::Secret => "secret",
        }
    }

    /// How key memory is protected in this process: as its worst region.
    #[must_use]
    pub fn of_keys() -> Self {
        // So that there is at least one region to tell about.
        drop(Cell::blank());
        POOL.lock().unwrap_or_else(PoisonError::into_inner).worst.unwrap_or(Self::Plain)
    }
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: Vec::new(), worst: None });

/// Cells that nobody owns, all of them blank.
struct Pool {
    free: Vec<Address>,
    worst: Option<Protection>,
}

/// Where a cell is. The one who holds it owns the cell's bytes.
struct Address(NonNull<[u8; CELL]>);

// SAFETY: an address is the only way to its cell's bytes and is never duplicated; the pages belong to no thread.
unsafe impl Send for Address {}
// SAFETY: through a shared reference the bytes are only read.
unsafe impl Sync for Address {}

/// 32 bytes for one key, overwritten when this goes.
pub(super) struct Cell(Option<Address>);

impl Cell {
    /// All zero.
    pub(super) fn blank() -> Self {
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.free.is_empty() {
            let (base, protection) = secret_pages()
                .map(|base| (base, Protection::Secret))
                .or_else(|| locked_pages().map(|base| (base, Protection::Locked)))
                .unwrap_or_else(|| (plain_pages(), Protection::Plain));
            pool.worst = Some(pool.worst.map_or(protection, |worst| worst.min(protection)));
            let cells = (0..REGION / CELL).rev();
            // SAFETY: `base` points to REGION mapped, writable, zero bytes that live as long as the process; each offset is
            // inside and given out once. A `[u8; 32]` needs no alignment.
            pool.free.extend(cells.map(|at| Address(unsafe { base.byte_add(at * CELL) }.cast())));
        }
        Self(pool.free.pop())
    }

    pub(super) fn bytes(&self) -> &[u8; CELL] {
        let address = self.0.as_ref().expect("a cell has its address until it is dropped");
        // SAFETY: the address is valid for the life of the process, initialised, and owned by `self`.
        unsafe { address.0.as_ref() }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8; CELL] {
        let address = self.0.as_mut().expect("a cell has its address until it is dropped");
        // SAFETY: as above, and `self` is borrowed mutably.
        unsafe { address.0.as_mut() }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        if let Some(address) = self.0.take() {
            POOL.lock().unwrap_or_else(PoisonError::into_inner).free.push(address);
        }
    }
}

/// Overwrites what the calls before it left on the stack below the caller's frame, and in the vector registers.
///
/// A hash keeps words of its key in both, and no destructor reaches them. What stays in a register is not harmless either: it ends
/// in memory as soon as somebody stores a value whose upper half nobody has set. Call this from the function that called the one
/// that hashed, and keep both out of line.
#[inline(never)]
pub(super) fn wipe_traces() {
    let blank = [0_u8; STACK_REACHED];
    // The compiler has to assume that somebody reads it, so it has to be written.
    std::hint::black_box(&blank);
    wipe_registers();
}

#[cfg(target_arch = "x86_64")]
fn wipe_registers() {
    use std::arch::asm;
    // SAFETY: only registers are written, and all of them that are written are declared as clobbered; the instructions are there,
    // as was asked before.
    unsafe {
        if is_x86_feature_detected!("avx512f") {
            asm!(
                "vpxord zmm16, zmm16, zmm16",
                "vpxord zmm17, zmm17, zmm17",
                "vpxord zmm18, zmm18, zmm18",
                "vpxord zmm19, zmm19, zmm19",
                "vpxord zmm20, zmm20, zmm20",
                "vpxord zmm21, zmm21, zmm21",
                "vpxord zmm22, zmm22, zmm22",
                "vpxord zmm23, zmm23, zmm23",
                "vpxord zmm24, zmm24, zmm24",
                "vpxord zmm25, zmm25, zmm25",
                "vpxord zmm26, zmm26, zmm26",
                "vpxord zmm27, zmm27, zmm27",
                "vpxord zmm28, zmm28, zmm28",
                "vpxord zmm29, zmm29, zmm29",
                "vpxord zmm30, zmm30, zmm30",
                "vpxord zmm31, zmm31, zmm31",
                clobber_abi("C"),
                options(nomem, nostack),
            );
        }
        if is_x86_feature_detected!("avx") {
            asm!("vzeroall", clobber_abi("C"), options(nomem, nostack));
        } else {
            asm!(
                "pxor xmm0, xmm0",
                "pxor xmm1, xmm1",
                "pxor xmm2, xmm2",
                "pxor xmm3, xmm3",
                "pxor xmm4, xmm4",
                "pxor xmm5, xmm5",
                "pxor xmm6, xmm6",
                "pxor xmm7, xmm7",
                "pxor xmm8, xmm8",
                "pxor xmm9, xmm9",
                "pxor xmm10, xmm10",
                "pxor xmm11, xmm11",
                "pxor xmm12, xmm12",
                "pxor xmm13, xmm13",
                "pxor xmm14, xmm14",
                "pxor xmm15, xmm15",
                clobber_abi("C"),
                options(nomem, nostack),
            );
        }
    }
}

#[cfg(target_arch = "aarch64")]
fn wipe_registers() {
    // SAFETY: only caller-saved registers are written, and they are declared as clobbered. (The lower halves of v8 to v15 belong to the
    // caller, who has restored them; the upper halves are nobody's.)
    unsafe {
        std::arch::asm!(
            "movi v0.2d, #0",
            "movi v1.2d, #0",
            "movi v2.2d, #0",
            "movi v3.2d, #0",
            "movi v4.2d, #0",
            "movi v5.2d, #0",
            "movi v6.2d, #0",
            "movi v7.2d, #0",
            "movi v16.2d, #0",
            "movi v17.2d, #0",
            "movi v18.2d, #0",
            "movi v19.2d, #0",
            "movi v20.2d, #0",
            "movi v21.2d, #0",
            "movi v22.2d, #0",
            "movi v23.2d, #0",
            "movi v24.2d, #0",
            "movi v25.2d, #0",
            "movi v26.2d, #0",
            "movi v27.2d, #0",
            "movi v28.2d, #0",
            "movi v29.2d, #0",
            "movi v30.2d, #0",
            "movi v31.2d, #0",
            clobber_abi("C"),
            options(nomem, nostack),
        );
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn wipe_registers() {}

fn plain_pages() -> NonNull<u8> {
    NonNull::from(Box::leak(Box::new([0_u8; REGION]))).cast()
}

#[cfg(target_os = "linux")]
fn secret_pages() -> Option<NonNull<u8>> {
    // SAFETY: plain system calls on a descriptor that only this function knows; the mapping is new, so it aliases nothing.
    unsafe {
        let made = libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC);
        let file = libc::c_int::try_from(made).ok().filter(|file| *file >= 0)?;
        let sized = libc::ftruncate(file, libc::off_t::try_from(REGION).unwrap_or(0)) == 0;
        let pages = if sized { map(libc::MAP_SHARED, file) } else { None };
        libc::close(file);
        let pages = pages?;
        // The mapping is shared, so a fork would otherwise see it.
        if libc::madvise(pages.as_ptr().cast(), REGION, libc::MADV_DONTFORK) != 0 {
            libc::munmap(pages.as_ptr().cast(), REGION);
            return None;
        }
        Some(pages)
    }
}

#[cfg(target_os = "linux")]
fn locked_pages() -> Option<NonNull<u8>> {
    // SAFETY: the mapping is new and private, so it aliases nothing; it is unmapped only here, before anybody has it.
    unsafe {
        let pages = map(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1)?;
        let at = pages.as_ptr().cast();
        let kept = libc::mlock(at, REGION) == 0
            && libc::madvise(at, REGION, libc::MADV_DONTDUMP) == 0
            && libc::madvise(at, REGION, libc::MADV_WIPEONFORK) == 0;
        if !kept {
            libc::munmap(at, REGION);
        }
        kept.then_some(pages)
    }
}

/// Maps a region, readable and writable.
///
/// # Safety
/// `file` must be one that `flags` allow: a descriptor with REGION bytes, or -1 with `MAP_ANONYMOUS`.
#[cfg(target_os = "linux")]
unsafe fn map(flags: libc::c_int, file: libc::c_int) -> Option<NonNull<u8>> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: no address is asked for, so no mapping is replaced; the caller vouches for `file`.
    let pages = unsafe { libc::mmap(std::ptr::null_mut(), REGION, access, flags, file, 0) };
    if pages == libc::MAP_FAILED { None } else { NonNull::new(pages.cast()) }
}

#[cfg(not(target_os = "linux"))]
fn secret_pages() -> Option<NonNull<u8>> {
    None
}

#[cfg(not(target_os = "linux"))]
fn locked_pages() -> Option<NonNull<u8>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_do_not_overlap_and_come_back_blank() {
        let mut cells: Vec<Cell> = (0..2 * REGION / CELL).map(|_| Cell::blank()).collect();
        for (number, cell) in cells.iter_mut().enumerate() {
            assert_eq!(cell.bytes(), &[0; CELL]);
            cell.bytes_mut()[..8].copy_from_slice(&(number as u64 + 1).to_le_bytes());
        }
        for (number, cell) in cells.iter().enumerate() {
            assert_eq!(cell.bytes()[..8], (number as u64 + 1).to_le_bytes());
        }
        drop(cells);
        let again: Vec<Cell> = (0..2 * REGION / CELL).map(|_| Cell::blank()).collect();
        assert!(again.iter().all(|cell| cell.bytes() == &[0; CELL]));
    }

    #[test]
    fn every_kind_of_page_can_be_written() {
        for pages in [secret_pages(), locked_pages(), Some(plain_pages())].into_iter().flatten() {
            // SAFETY: the pages are new, mapped, REGION bytes long, and nobody else's.
            let bytes = unsafe { std::slice::from_raw_parts_mut(pages.as_ptr(), REGION) };
            bytes.fill(7);
            assert_eq!(bytes[REGION - 1], 7);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn locked_pages_are_locked_left_out_of_dumps_and_wiped_in_a_fork() {
        let pages = locked_pages().expect("this machine lets us lock 16 KiB");
        let address = pages.as_ptr() as usize;
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        let flags = maps.lines().find_map(|line| {
            if let Some((from, rest)) = line.split_once('-')
                && let (Ok(from), Some(to)) = (usize::from_str_radix(from, 16), rest.split(' ').next())
                && let Ok(to) = usize::from_str_radix(to, 16)
            {
                inside = (from..to).contains(&address);
            }
            line.strip_prefix("VmFlags:").filter(|_| inside)
        });
        let flags: Vec<&str> = flags.expect("our pages are mapped").split_whitespace().collect();
        assert!(["lo", "dd", "wf"].iter().all(|flag| flags.contains(flag)), "{flags:?}");
    }

    /// Eight bytes that stand nowhere until they are put together.
    #[inline(never)]
    fn pattern() -> u64 {
        std::hint::black_box(0x5AFE_C0DE_D15E_A5ED_u64) ^ std::hint::black_box(0x0F1E_2D3C_4B5A_6978_u64)
    }

    /// Leaves the pattern on the stack, some way below its caller.
    #[inline(never)]
    fn leave_behind() {
        let mut deep = [0_u64; 512];
        std::hint::black_box(&mut deep).fill(pattern());
        std::hint::black_box(&deep);
    }

    /// How often the pattern stands in the stack of a thread that runs `work` and then waits.
    #[cfg(target_os = "linux")]
    fn left_on_the_stack(work: fn()) -> usize {
        use std::os::unix::fs::FileExt;
        let (done, is_done) = std::sync::mpsc::channel();
        let (end, is_end) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                work();
                let here = 0_u8;
                done.send(&raw const here as usize).unwrap();
                let _ = is_end.recv();
            });
            let top = is_done.recv().unwrap();
            // What lies below the waiting frame, and was written by calls that have returned.
            let mut stack = vec![0; 64 << 10];
            let from = u64::try_from(top - stack.len()).unwrap();
            std::fs::File::open("/proc/self/mem").unwrap().read_exact_at(&mut stack, from).unwrap();
            drop(end);
            let wanted = pattern().to_ne_bytes();
            stack.windows(8).filter(|window| **window == wanted).count()
        })
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_wiped_stack_has_nothing_left_of_what_stood_there() {
        assert!(left_on_the_stack(leave_behind) > 100, "the control: without wiping it stays");
        let wiped = || {
            leave_behind();
            wipe_traces();
        };
        assert_eq!(left_on_the_stack(wiped), 0);
    }
}
