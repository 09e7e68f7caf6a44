//! A client that knows nothing but HTTP.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use spec_tests::daytona::{FakeDaytona, FakeHandle, FakeOptions};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

/// How long anything may take before a test gives up.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

/// Asks again until the answer is yes.
pub(super) async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < LIMIT, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub(super) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    pub(super) fake: FakeHandle,
}

pub(super) async fn start(options: FakeOptions) -> (FakeDaytona, Client) {
    let fake = FakeDaytona::start(options).await.expect("the fake starts");
    let client = Client::of(&fake);
    (fake, client)
}

impl Client {
    pub(super) fn of(fake: &FakeDaytona) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT);
        Self {
            http: http.build().expect("a client"),
            fake: fake.handle(),
        }
    }

    fn origin(&self) -> String {
        self.fake.api_url().trim_end_matches("/api").to_owned()
    }

    /// A request with the key, to a path below the origin.
    pub(super) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.request_with(self.fake.api_key(), method, path)
    }

    pub(super) fn request_with(
        &self,
        key: &str,
        method: &str,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let url = format!("{}{path}", self.origin());
        self.http.request(method, url).bearer_auth(key)
    }

    pub(super) async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    pub(super) async fn api(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, &format!("/api{path}"));
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        self.send(request).await.expect("an answer")
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.api("GET", path, Value::Null).await
    }

    /// Creates a sandbox and answers its id.
    pub(super) async fn create(&self, body: Value) -> String {
        let created = self.api("POST", "/sandbox", body).await.expect(200);
        created["id"].as_str().expect("an id").to_owned()
    }

    pub(super) async fn state(&self, id: &str) -> String {
        let answer = self.get(&format!("/sandbox/{id}")).await;
        if answer.status == 404 {
            return "gone".to_owned();
        }
        answer.expect(200)["state"]
            .as_str()
            .expect("a state")
            .to_owned()
    }

    pub(super) async fn becomes(&self, id: &str, state: &str) {
        eventually(state, async || self.state(id).await == state).await;
    }

    pub(super) async fn toolbox(&self, id: &str, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, &format!("/toolbox/{id}{path}"));
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        self.send(request).await.expect("an answer")
    }

    pub(super) async fn execute(&self, id: &str, command: &str) -> Value {
        let body = json!({ "command": command });
        self.toolbox(id, "POST", "/process/execute", body)
            .await
            .expect(200)
    }

    pub(super) async fn session(&self, id: &str, session: &str) {
        let body = json!({ "sessionId": session });
        self.toolbox(id, "POST", "/process/session", body)
            .await
            .expect(201);
    }

    /// Runs a command in a session and answers its id.
    pub(super) async fn exec(&self, id: &str, session: &str, command: &str) -> String {
        let body = json!({ "command": command, "runAsync": true });
        let path = format!("/process/session/{session}/exec");
        let accepted = self.toolbox(id, "POST", &path, body).await.expect(202);
        accepted["cmdId"].as_str().expect("an id").to_owned()
    }

    pub(super) async fn exit_code(&self, id: &str, session: &str, command: &str) -> Option<i64> {
        let path = format!("/process/session/{session}/command/{command}");
        let answer = self
            .toolbox(id, "GET", &path, Value::Null)
            .await
            .expect(200);
        answer
            .get("exitCode")
            .map(|code| code.as_i64().expect("a number"))
    }

    pub(super) async fn exits(&self, id: &str, session: &str, command: &str) -> i64 {
        let begun = Instant::now();
        loop {
            if let Some(code) = self.exit_code(id, session, command).await {
                return code;
            }
            assert!(begun.elapsed() < LIMIT, "{command} does not exit");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The log as it is, with its marks.
    pub(super) async fn log(&self, id: &str, session: &str, command: &str) -> Vec<u8> {
        let path = format!("/toolbox/{id}/process/session/{session}/command/{command}/logs");
        let request = self
            .request("GET", &path)
            .header("X-Daytona-SDK-Version", "0.100.0");
        self.send(request).await.expect("an answer").body
    }

    pub(super) async fn follow(&self, id: &str, session: &str, command: &str) -> Follow {
        let origin = self.origin();
        let address = origin.trim_start_matches("http://");
        let path = format!("/toolbox/{id}/process/session/{session}/command/{command}/logs");
        let url = format!("ws://{address}{path}?follow=true");
        let mut request = url.into_client_request().expect("a request");
        let headers = request.headers_mut();
        let key = format!("Bearer {}", self.fake.api_key());
        headers.insert("Authorization", key.parse().expect("a header"));
        headers.insert(
            "X-Daytona-SDK-Version",
            "0.205.1".parse().expect("a header"),
        );
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (socket, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .expect("a socket");
        Follow(socket)
    }
}

/// A followed log.
#[derive(Debug)]
pub(super) struct Follow(WebSocketStream<TcpStream>);

impl Follow {
    /// The next frame, or with which code it ended; 1006 is no close frame at all.
    pub(super) async fn next(&mut self) -> Result<Vec<u8>, u16> {
        let next = tokio::time::timeout(LIMIT, self.0.next()).await;
        match next.expect("something happens") {
            Some(Ok(Message::Binary(bytes))) => Ok(bytes.to_vec()),
            Some(Ok(Message::Close(Some(frame)))) => Err(frame.code.into()),
            None | Some(Err(Error::Protocol(_) | Error::Io(_) | Error::ConnectionClosed)) => {
                Err(1006)
            }
            other => panic!("unexpected: {other:?}"),
        }
    }

    /// All frames up to the end, and its code.
    pub(super) async fn rest(mut self) -> (Vec<Vec<u8>>, u16) {
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                Ok(frame) => frames.push(frame),
                Err(code) => return (frames, code),
            }
        }
    }
}
