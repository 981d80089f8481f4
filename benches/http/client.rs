//! One HTTP/1.1 connection of the load generator: a prepared request out, an answer in.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest that one answer may take; a server that hangs ends the run.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects to a server on this machine.
    pub async fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
        })
    }

    /// Sends a request; gives the status and the body of its answer, with the marks between the
    /// pieces of one that came in pieces.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request)).await??;
        Ok((answer.status, &self.buffer[answer.from..answer.until]))
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = Answer::read(&self.buffer) {
                return Ok(answer);
            }
        }
    }
}

/// An answer that has arrived: where its body begins and ends.
struct Answer {
    status: u16,
    from: usize,
    until: usize,
}

impl Answer {
    /// The answer, once all of it is there.
    fn read(bytes: &[u8]) -> Option<Self> {
        let from = find(bytes, b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&bytes[..from]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let mut length = 0;
        let mut pieces = false;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                pieces = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
        let until = if pieces {
            from + end_of_pieces(&bytes[from..])?
        } else {
            from + length
        };
        (until <= bytes.len()).then_some(Self {
            status,
            from,
            until,
        })
    }
}

/// Where a body ends that comes in pieces, each after its length in hexadecimal; the last has none
/// (RFC 9112, 7.1).
fn end_of_pieces(body: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = body.get(at..)?;
        let line = find(rest, b"\r\n")?;
        let digits = std::str::from_utf8(&rest[..line]).ok()?;
        let length = usize::from_str_radix(digits, 16).ok()?;
        at += line + 2 + length + 2;
        if length == 0 {
            return (at <= body.len()).then_some(at);
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|here| here == what)
}

/// A POST of JSON as it goes over the wire; `authorization` may be empty.
pub fn post(path: &str, authorization: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let authorization = match authorization {
        "" => String::new(),
        value => format!("authorization: {value}\r\n"),
    };
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\n{authorization}content-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A GET as it goes over the wire.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}
