//! Clients that are there and bring nothing: silent ones, and slow ones that send a byte of a head now and then. Whoever is cut off
//! comes back.

use std::io::Write as _;
use std::net::{SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto};
use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::Timespec;

/// A slow client sends a byte this often.
const PAUSE: Duration = Duration::from_secs(1);
/// So many connections are made at once; the listener's queue is not much longer.
const AT_ONCE: usize = 256;
/// What a slow client would say, if it ever came to an end.
const HEAD: &[u8] = b"POST /api/event HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ";

/// A crowd around a listener.
pub struct Crowd {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    connected: AtomicUsize,
    cut_off: AtomicU64,
}

impl Crowd {
    /// Gathers it, by a thread on these cores. It is complete when [`Crowd::connected`] says so.
    ///
    /// # Errors
    /// There can be no thread, or the address is none.
    pub fn gather(address: &str, silent: usize, slow: usize, cores: CpuSet) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (inside, address) = (Arc::clone(&shared), address.parse()?);
        let thread = std::thread::Builder::new().name("crowd".into()).spawn(move || {
            sched_setaffinity(None, &cores)?;
            Members::new(address, silent, slow, &inside)?.run()
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Connections there are.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.shared.connected.load(Ordering::Relaxed)
    }

    /// How often one was cut off.
    #[must_use]
    pub fn cut_off(&self) -> u64 {
        self.shared.cut_off.load(Ordering::Relaxed)
    }

    /// Sends it away.
    ///
    /// # Errors
    /// It could not go on.
    pub fn disperse(mut self) -> anyhow::Result<()> {
        self.shared.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            Some(Ok(ended)) => ended,
            None => Ok(()),
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

struct Member {
    stream: Option<TcpStream>,
    connected: bool,
    /// Bytes of the head that went out; none for a silent one.
    said: Option<usize>,
}

struct Members<'a> {
    address: SocketAddrV4,
    epoll: OwnedFd,
    all: Vec<Member>,
    gone: Vec<usize>,
    connecting: usize,
    shared: &'a Shared,
}

impl<'a> Members<'a> {
    fn new(address: SocketAddrV4, silent: usize, slow: usize, shared: &'a Shared) -> anyhow::Result<Self> {
        let member = |place| Member { stream: None, connected: false, said: (place >= silent).then_some(0) };
        Ok(Self {
            address,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            all: (0..silent + slow).map(member).collect(),
            gone: (0..silent + slow).collect(),
            connecting: 0,
            shared,
        })
    }

    fn run(mut self) -> anyhow::Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(1024);
        let mut spoke = Instant::now();
        while !self.shared.stop.load(Ordering::Relaxed) {
            while self.connecting < AT_ONCE
                && let Some(place) = self.gone.pop()
            {
                self.connect(place)?;
            }
            if spoke.elapsed() >= PAUSE {
                spoke = Instant::now();
                (0..self.all.len()).for_each(|place| self.speak(place));
            }
            events.clear();
            let longest = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&longest)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                self.happened(usize::try_from(event.data.u64())?, event.flags);
            }
        }
        Ok(())
    }

    fn connect(&mut self, place: usize) -> anyhow::Result<()> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let tcp = Some(ipproto::TCP);
        let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, tcp)?;
        match rustix::net::connect(&socket, &self.address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let every = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&self.epoll, &socket, EventData::new_u64(place as u64), every)?;
        self.all[place].stream = Some(TcpStream::from(socket));
        self.connecting += 1;
        Ok(())
    }

    fn speak(&mut self, place: usize) {
        let Member { stream: Some(stream), connected: true, said: Some(said) } = &mut self.all[place] else {
            return;
        };
        let byte = [HEAD.get(*said).copied().unwrap_or(b'x')];
        *said += 1;
        // When it can't be sent, the end of the connection is told by an event.
        let _unsaid = stream.write(&byte);
    }

    /// An end, or an answer that ends it: the member goes and comes back.
    fn happened(&mut self, place: usize, flags: EventFlags) {
        let member = &mut self.all[place];
        let over = flags.intersects(EventFlags::ERR | EventFlags::HUP | EventFlags::RDHUP | EventFlags::IN);
        if !member.connected {
            if over || flags.contains(EventFlags::OUT) {
                self.connecting -= 1;
            }
            if !over && flags.contains(EventFlags::OUT) {
                member.connected = true;
                self.shared.connected.fetch_add(1, Ordering::Relaxed);
            }
        } else if over {
            self.shared.connected.fetch_sub(1, Ordering::Relaxed);
            self.shared.cut_off.fetch_add(1, Ordering::Relaxed);
        }
        if over {
            member.stream = None;
            member.connected = false;
            member.said = member.said.map(|_| 0);
            self.gone.push(place);
        }
    }
}
