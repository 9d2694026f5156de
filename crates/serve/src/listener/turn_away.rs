//! Telling a connection beyond the limit to come back: 503, without HTTP being spoken and without a service being asked.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::figures::End;
use super::places::Place;

/// Longer than this nobody keeps a place on the doorstep.
const PATIENCE: Duration = Duration::from_secs(1);

/// As much of what the client sends is read before it is left alone.
const MOST_BYTES: usize = 256 * 1024;

/// The whole answer. Pages of any origin may read it, as they may read the answers of the service.
const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json\r\n\
    content-length: 80\r\n\
    retry-after: 5\r\n\
    cache-control: no-store\r\n\
    access-control-allow-origin: *\r\n\
    access-control-expose-headers: retry-after\r\n\
    connection: close\r\n\
    \r\n\
    {\"error\":\"Too many connections. Try again later.\",\"code\":\"too_many_connections\"}";

/// Tells the client, and sees it off.
pub(super) async fn turn_away(stream: TcpStream, _place: Place) -> End {
    // Whether it has heard makes no difference any more.
    let _ = tokio::time::timeout(PATIENCE, tell(stream)).await;
    End::TurnedAway
}

async fn tell(mut stream: TcpStream) -> io::Result<()> {
    let mut left = MOST_BYTES;
    // An answer that comes before the request is one that nobody asked for: clients take it for a fault.
    read(&stream, &mut left).await?;
    stream.write_all(ANSWER).await?;
    stream.shutdown().await?;
    // Closing with something unread resets the connection, and takes the answer with it.
    while read(&stream, &mut left).await? {}
    Ok(())
}

/// Reads some bytes and forgets them; `false` at the end. The buffer is on the stack only while it is used, so that waiting costs
/// next to nothing.
async fn read(stream: &TcpStream, left: &mut usize) -> io::Result<bool> {
    loop {
        stream.readable().await?;
        match stream.try_read(&mut [0; 4096]) {
            Ok(0) => return Ok(false),
            Ok(bytes) => {
                *left = left.saturating_sub(bytes);
                return Ok(*left > 0);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let answer = std::str::from_utf8(super::ANSWER).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        assert!(head.lines().all(|line| !line.starts_with(' ')) && body.starts_with('{'));
    }
}
