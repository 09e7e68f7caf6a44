//! The least of an HTTP client: one request, one connection.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::PATIENCE;

/// An answer, as far as its body was not read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    body: BufReader<TcpStream>,
}

/// An event of a stream.
#[derive(Debug, Default)]
pub(crate) struct ServerEvent {
    pub(crate) id: Option<u64>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// Asks as HTTP/1.0, in which a body ends with the connection.
pub(crate) async fn ask(
    server: SocketAddr,
    verb_and_path: &str,
    header: &str,
    body: Option<&Value>,
) -> Answer {
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{verb_and_path} HTTP/1.0\r\nhost: {server}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{header}\r\n{body}",
        body.len()
    );
    timeout(PATIENCE, async {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut body = BufReader::new(stream);
        let first = line(&mut body).await.expect("an answer");
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        while let Some(header) = line(&mut body).await.filter(|line| !line.is_empty()) {
            let (name, value) = header.split_once(": ").unwrap();
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Answer {
            status,
            headers,
            body,
        }
    })
    .await
    .expect("an answer in time")
}

pub(crate) async fn get(server: SocketAddr, path: &str) -> Value {
    let answer = ask(server, &format!("GET {path}"), "", None).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.json().await
}

pub(crate) async fn post(server: SocketAddr, path: &str, body: &Value) -> Answer {
    ask(server, &format!("POST {path}"), "", Some(body)).await
}

pub(crate) async fn put(server: SocketAddr, path: &str, body: &Value) -> Answer {
    ask(server, &format!("PUT {path}"), "", Some(body)).await
}

async fn line(body: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = timeout(PATIENCE, body.read_line(&mut line)).await;
    let length = read.expect("a line in time").unwrap_or(0);
    (length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body, to its end.
    pub(crate) async fn json(mut self) -> Value {
        let mut text = String::new();
        let reading = self.body.read_to_string(&mut text);
        timeout(PATIENCE, reading).await.unwrap().unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The next event of a stream; `None` when the server has closed it.
    pub(crate) async fn event(&mut self) -> Option<ServerEvent> {
        let mut event = ServerEvent::default();
        loop {
            let line = line(&mut self.body).await?;
            match line.split_once(": ") {
                Some(("id", id)) => event.id = Some(id.parse().unwrap()),
                Some(("event", name)) => name.clone_into(&mut event.name),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                None if line.is_empty() && !event.name.is_empty() => return Some(event),
                Some(_) | None => {}
            }
        }
    }
}
