//! A listener with real sockets: what a client sees, and what is counted. One binary; what changes the whole process
//! (signals, descriptors) has its own.

mod bodies;
mod client;
mod draining;
mod framing;
mod limits;
mod server;
