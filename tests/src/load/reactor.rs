//! The client's thread: waits for sockets and for the next moment a request is due.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, sockopt};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::answer::{self, Answer};
use super::{Done, Order, Phase, Shared};
use crate::beacons::Numbered;

/// A connection that could not be made is tried again after this.
const RETRY: Duration = Duration::from_millis(5);
/// What is on its way at the end is waited for so long.
const LAST_ANSWERS: Duration = Duration::from_secs(35);
/// The event of the timer; those of sockets are their places.
const TIMER: u64 = u64::MAX;
const BUFFER_BYTES: usize = 1024;

#[derive(Clone, Copy)]
enum State {
    /// Not there: to be tried again.
    Gone,
    Connecting,
    Idle,
    Waiting(Request),
}

/// A request that has no answer yet.
#[derive(Clone, Copy)]
struct Request {
    number: u64,
    due: Instant,
    sent: Instant,
    phase: usize,
}

struct Connection {
    stream: Option<TcpStream>,
    state: State,
    buffer: [u8; BUFFER_BYTES],
    filled: usize,
}

pub(super) struct Reactor<'a> {
    order: &'a Order,
    address: SocketAddrV4,
    beacons: &'a Numbered,
    shared: &'a Shared,
    epoll: OwnedFd,
    timer: OwnedFd,
    connections: Vec<Connection>,
    idle: VecDeque<usize>,
    retry: VecDeque<(Instant, usize)>,
    waiting: usize,
    begun: Instant,
    sent: u64,
    wire: Vec<u8>,
    done: Done,
    phase_begun: Instant,
}

impl<'a> Reactor<'a> {
    pub(super) fn new(order: &'a Order, beacons: &'a Numbered, shared: &'a Shared) -> anyhow::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), EventFlags::IN | EventFlags::ET)?;
        let now = Instant::now();
        let connection =
            || Connection { stream: None, state: State::Gone, buffer: [0; BUFFER_BYTES], filled: 0 };
        Ok(Self {
            order,
            address: order.address.parse()?,
            beacons,
            shared,
            epoll,
            timer,
            connections: (0..order.connections).map(|_| connection()).collect(),
            idle: VecDeque::new(),
            retry: (0..order.connections).map(|place| (now, place)).collect(),
            waiting: 0,
            begun: now,
            sent: 0,
            wire: Vec::new(),
            done: Done { phases: vec![Phase::default()], ..Done::default() },
            phase_begun: now,
        })
    }

    pub(super) fn run(mut self) -> anyhow::Result<Done> {
        let mut events: Vec<Event> = Vec::with_capacity(1024);
        let mut stopping: Option<Instant> = None;
        loop {
            let now = Instant::now();
            self.follow_phase(now);
            if stopping.is_none() && self.shared.stop.load(Ordering::Relaxed) {
                stopping = Some(now);
                self.end_phase(now);
            }
            match stopping {
                None => {
                    self.connect_again(now)?;
                    self.send_what_is_due(now);
                }
                Some(since) if self.waiting == 0 || now > since + LAST_ANSWERS => break,
                Some(_) => {}
            }
            self.arm(now)?;
            events.clear();
            let longest = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&longest)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                let (place, flags) = (event.data.u64(), event.flags);
                if place != TIMER {
                    self.happened(usize::try_from(place)?, flags);
                }
            }
        }
        let broken = self.connections.iter().filter(|one| matches!(one.state, State::Waiting(_))).count();
        self.last_phase().broken += broken as u64;
        self.done.next = self.order.first + self.sent;
        Ok(self.done)
    }

    fn follow_phase(&mut self, now: Instant) {
        while self.shared.phase.load(Ordering::Relaxed) >= self.done.phases.len() {
            self.end_phase(now);
            self.done.phases.push(Phase::default());
        }
    }

    fn end_phase(&mut self, now: Instant) {
        let took = now - self.phase_begun;
        self.last_phase().took = took;
        self.phase_begun = now;
    }

    fn last_phase(&mut self) -> &mut Phase {
        self.done.phases.last_mut().expect("there is a first phase from the start")
    }

    /// When the next request is due.
    fn due(&self, now: Instant) -> Instant {
        match self.order.rate {
            None => now,
            Some(rate) => self.begun + Duration::from_nanos(self.sent.saturating_mul(1_000_000_000) / rate),
        }
    }

    /// Sets the timer when somebody is free and nothing is due.
    fn arm(&self, now: Instant) -> anyhow::Result<()> {
        if self.order.rate.is_none() || self.idle.is_empty() {
            return Ok(());
        }
        let wait = self.due(now).saturating_duration_since(now).max(Duration::from_micros(1));
        let value = Timespec::try_from(wait)?;
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }

    fn send_what_is_due(&mut self, now: Instant) {
        while let Some(place) = self.idle.front().copied() {
            let due = self.due(now);
            if due > now {
                return;
            }
            self.idle.pop_front();
            // A connection may have gone since it was put here.
            if matches!(self.connections[place].state, State::Idle) {
                self.send(place, due);
            }
        }
    }

    fn send(&mut self, place: usize, due: Instant) {
        let number = self.order.first + self.sent;
        self.sent += 1;
        self.wire.clear();
        self.beacons.write(number, &mut self.wire);
        let phase = self.done.phases.len() - 1;
        self.last_phase().sent += 1;
        let connection = &mut self.connections[place];
        connection.filled = 0;
        connection.state = State::Waiting(Request { number, due, sent: Instant::now(), phase });
        self.waiting += 1;
        // The buffer of an idle connection takes a beacon whole.
        let written = connection.stream.as_mut().map(|stream| stream.write(&self.wire));
        if !matches!(written, Some(Ok(length)) if length == self.wire.len()) {
            self.lose(place);
        }
    }

    fn connect_again(&mut self, now: Instant) -> anyhow::Result<()> {
        while let Some((when, place)) = self.retry.front().copied() {
            if when > now {
                break;
            }
            self.retry.pop_front();
            self.connect(place)?;
        }
        Ok(())
    }

    fn connect(&mut self, place: usize) -> anyhow::Result<()> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let tcp = Some(ipproto::TCP);
        let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, tcp)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        let every = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        let began = rustix::net::connect(&socket, &self.address);
        epoll::add(&self.epoll, &socket, EventData::new_u64(place as u64), every)?;
        let connection = &mut self.connections[place];
        connection.stream = Some(TcpStream::from(socket));
        connection.state = State::Connecting;
        if !matches!(began, Ok(()) | Err(Errno::INPROGRESS)) {
            self.lose(place);
        }
        Ok(())
    }

    /// The connection is gone, and with it the answer to what was sent on it.
    fn lose(&mut self, place: usize) {
        let connection = &mut self.connections[place];
        connection.stream = None;
        if let State::Waiting(request) = std::mem::replace(&mut connection.state, State::Gone) {
            self.waiting -= 1;
            self.done.phases[request.phase].broken += 1;
            self.shared.broken.fetch_add(1, Ordering::Relaxed);
        }
        self.retry.push_back((Instant::now() + RETRY, place));
    }

    fn happened(&mut self, place: usize, flags: EventFlags) {
        let over = flags.intersects(EventFlags::ERR | EventFlags::HUP | EventFlags::RDHUP);
        match self.connections[place].state {
            State::Gone => {}
            State::Connecting if over => self.lose(place),
            State::Connecting => {
                if flags.contains(EventFlags::OUT) {
                    self.connections[place].state = State::Idle;
                    self.idle.push_back(place);
                }
            }
            State::Idle => {
                if over {
                    self.lose(place);
                }
            }
            State::Waiting(request) => {
                let answer = if flags.contains(EventFlags::IN) { self.read(place) } else { Ok(None) };
                match answer {
                    Ok(Some(answer)) => self.answered(place, request, answer, over),
                    Ok(None) if !over => {}
                    Ok(None) | Err(_) => self.lose(place),
                }
            }
        }
    }

    /// Reads what is there; an answer once it is whole.
    fn read(&mut self, place: usize) -> std::io::Result<Option<Answer>> {
        let connection = &mut self.connections[place];
        let Some(stream) = connection.stream.as_mut() else { return Ok(None) };
        loop {
            let room = &mut connection.buffer[connection.filled..];
            if room.is_empty() {
                return Err(ErrorKind::InvalidData.into());
            }
            match stream.read(room) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => connection.filled += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
            if let Some(answer) = answer::read(&connection.buffer[..connection.filled]) {
                return Ok(Some(answer));
            }
        }
    }

    fn answered(&mut self, place: usize, request: Request, answer: Answer, over: bool) {
        let now = Instant::now();
        self.waiting -= 1;
        let phase = &mut self.done.phases[request.phase];
        match answer {
            Answer { status: 202, dropped: false, .. } => {
                phase.acknowledged += 1;
                let since = if self.order.rate.is_some() { request.due } else { request.sent };
                phase.acks.add(now.saturating_duration_since(since));
                self.done.acknowledged.push(request.number);
                self.shared.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Answer { status: 202, .. } => phase.dropped += 1,
            Answer { status, .. } => {
                *phase.refused.entry(status).or_default() += 1;
                phase.refusals.add(now - request.sent);
                self.shared.refused.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.connections[place].state = State::Idle;
        if answer.closes || over {
            self.lose(place);
        } else {
            self.idle.push_back(place);
        }
    }
}
