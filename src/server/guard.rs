//! Who may talk to the server: the Host and Origin headers and the token.
//!
//! Hosts and origins are checked as the security middleware of MLflow 3.5 and later does
//! (`mlflow/server/security_utils.py`), so that no page in a browser reaches a server on loopback, neither by
//! DNS rebinding nor across origins. Where MLflow lets in any name that begins like a private address, only
//! an address itself is let in here: a name such as `192.168.evil.com` is somebody's.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use crate::error::{Code, Error};

/// Bytes of all headers of a request together.
const MOST_HEADERS: usize = 32 << 10;

/// Below this are the parts of uploads.
const PARTS: &str = "/api/2.0/mlflow-artifacts/mpu/part/";

const BAD_HOST: &str = "Invalid Host header - possible DNS rebinding attack detected";
const BAD_ORIGIN: &str = "Cross-origin request blocked";
const WHO: &str = "You are not authenticated. Send the server's token in MLFLOW_TRACKING_TOKEN, or as \
                   MLFLOW_TRACKING_PASSWORD.";

/// What a request must show.
pub(crate) struct Guard {
    /// Where the server listens.
    bound: IpAddr,
    /// Names that it is known by, in small letters.
    names: Vec<String>,
    token: Option<String>,
}

impl Guard {
    pub(crate) fn new(address: SocketAddr, names: &[String], token: Option<String>) -> Self {
        let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { bound: address.ip(), names, token }
    }

    /// The answer to a request that may not go on.
    pub(crate) fn refusal(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if bytes > MOST_HEADERS {
            return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response());
        }
        // Whether the server is alive may be asked by anyone: the answer says nothing else.
        if matches!(path, "/health" | "/version") {
            return None;
        }
        let forbidden = |text: &'static str| Some((StatusCode::FORBIDDEN, text).into_response());
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        if !host.is_some_and(|host| self.knows(host)) {
            return forbidden(BAD_HOST);
        }
        let origin = headers.get(header::ORIGIN);
        if changes(method) && origin.is_some_and(|origin| !is_local_origin(origin)) {
            return forbidden(BAD_ORIGIN);
        }
        if method == Method::OPTIONS {
            return Some(StatusCode::NO_CONTENT.into_response());
        }
        // The id of an upload is a secret of its own: clients put parts to the address they were given, and show
        // nothing else.
        if *method == Method::PUT && path.starts_with(PARTS) {
            return None;
        }
        (!self.knows_token(headers)).then(|| {
            let error = Error::new(Code::Unauthenticated, WHO);
            let kind =
                [(header::CONTENT_TYPE, "application/json"), (header::WWW_AUTHENTICATE, "Basic realm=\"mlflow\"")];
            (StatusCode::UNAUTHORIZED, kind, error.body()).into_response()
        })
    }

    /// Adds what every answer carries.
    pub(crate) fn finish(&self, origin: Option<&HeaderValue>, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
        if let Some(origin) = origin.filter(|origin| is_local_origin(origin)) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::VARY, HeaderValue::from_static("Origin"));
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            let methods = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS, PATCH");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            let asked = HeaderValue::from_static("Authorization, Content-Type");
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
        }
    }

    /// Whether the Host header names this server and not a name that somebody made to point here.
    fn knows(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        if name == "localhost" || self.names.contains(&name) {
            return true;
        }
        match name.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || !self.bound.is_loopback(),
            Err(_) => false,
        }
    }

    fn knows_token(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let told = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(secret);
        told.is_some_and(|told| told.as_bytes().ct_eq(token.as_bytes()).into())
    }
}

/// What a client sends as `Bearer TOKEN`, or as the password of `Basic base64(user:password)`.
fn secret(authorization: &str) -> Option<String> {
    let (scheme, value) = authorization.trim().split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(crate::page::decode(value.trim())?).ok()?;
        return pair.split_once(':').map(|(_, password)| password.to_owned());
    }
    None
}

/// `localhost` of `localhost:5000`, `[::1]` of `[::1]:5000`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            // An address of IPv6 without brackets has no port.
            if name.contains(':') && !name.ends_with(']') { host } else { name }
        }
        _ => host,
    }
}

fn changes(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::DELETE | Method::PATCH)
}

fn is_local_origin(origin: &HeaderValue) -> bool {
    let Some((_, rest)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    matches!(without_port(authority), "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(bound: &str, token: Option<&str>) -> Guard {
        let names = ["gpu-box".to_owned()];
        Guard::new(SocketAddr::new(bound.parse().unwrap(), 5000), &names, token.map(str::to_owned))
    }

    fn status(guard: &Guard, method: Method, path: &str, headers: &[(header::HeaderName, &str)]) -> u16 {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        guard.refusal(&method, path, &headers).map_or(200, |refusal| refusal.status().as_u16())
    }

    /// CVE-2025-14279: a page whose name was made to point at 127.0.0.1.
    #[test]
    fn cve_2025_14279_a_rebound_name_is_refused() {
        let guard = guard("127.0.0.1", None);
        let of =
            |host: &str| status(&guard, Method::GET, "/api/2.0/mlflow/experiments/search", &[(header::HOST, host)]);
        for good in ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000", "LOCALHOST:1", "127.0.0.1"] {
            assert_eq!(of(good), 200, "{good}");
        }
        for bad in [
            "evil.com",
            "evil.com:5000",
            "localhost.evil.com",
            "127.0.0.1.evil.com:5000",
            "192.168.evil.com",
            "10.0.0.1:5000",
            "localhost:evil",
            "",
        ] {
            assert_eq!(of(bad), 403, "{bad}");
        }
        assert_eq!(status(&guard, Method::GET, "/api/2.0/mlflow/runs/get", &[]), 403, "no host at all");
        assert_eq!(status(&guard, Method::GET, "/health", &[(header::HOST, "evil.com")]), 200);
    }

    #[test]
    fn bound_elsewhere_addresses_are_known_and_names_are_not() {
        let guard = guard("0.0.0.0", None);
        let of = |host: &str| status(&guard, Method::GET, "/api/2.0/mlflow/runs/get", &[(header::HOST, host)]);
        assert_eq!((of("192.168.1.5:5000"), of("localhost"), of("evil.com")), (200, 200, 403));
        assert_eq!(of("GPU-box:5000"), 200, "a name it was told");
    }

    /// What CVE-2023-6018 and its kin were reached by: a page that posts to the server of whoever looks at it.
    #[test]
    fn a_page_of_another_origin_changes_nothing() {
        let guard = guard("127.0.0.1", None);
        let of = |method: Method, origin: &str| {
            let headers = [(header::HOST, "localhost:5000"), (header::ORIGIN, origin)];
            status(&guard, method, "/ajax-api/2.0/mlflow/experiments/create", &headers)
        };
        for bad in [
            "http://evil.com",
            "null",
            "http://localhost.evil.com",
            "https://127.0.0.1.evil.com",
            "http://localhost@evil.com",
        ] {
            assert_eq!(of(Method::POST, bad), 403, "{bad}");
            assert_eq!(of(Method::DELETE, bad), 403, "{bad}");
        }
        assert_eq!(of(Method::POST, "http://localhost:3000"), 200);
        assert_eq!(of(Method::GET, "http://evil.com"), 200, "a browser does not show it the answer");
        let mut answer = StatusCode::OK.into_response();
        guard.finish(Some(&HeaderValue::from_static("http://evil.com")), &mut answer);
        assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
    }

    #[test]
    fn the_token_is_a_bearer_or_a_password() {
        let guard = guard("0.0.0.0", Some("s3cret"));
        let of = |authorization: &str| {
            let headers = [(header::HOST, "localhost"), (header::AUTHORIZATION, authorization)];
            status(&guard, Method::GET, "/api/2.0/mlflow/runs/get", &headers)
        };
        assert_eq!(of("Bearer s3cret"), 200);
        // "user:s3cret"
        assert_eq!(of("Basic dXNlcjpzM2NyZXQ="), 200);
        for bad in ["Bearer s3cre", "Bearer s3crett", "Bearer ", "s3cret", "Basic czNjcmV0", "Digest s3cret"] {
            assert_eq!(of(bad), 401, "{bad}");
        }
        assert_eq!(status(&guard, Method::GET, "/api/2.0/mlflow/runs/get", &[(header::HOST, "localhost")]), 401);
        assert_eq!(status(&guard, Method::GET, "/version", &[(header::HOST, "localhost")]), 200);
    }

    /// CVE-2026-0545 and its kin: a route that the check of who asks was forgotten on. It stands before all routes.
    #[test]
    fn cve_2026_0545_no_route_is_forgotten() {
        let guard = guard("0.0.0.0", Some("s3cret"));
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, "/get-artifact"),
            (Method::GET, "/model-versions/get-artifact"),
            (Method::GET, "/api/2.0/mlflow-artifacts/artifacts/0/a"),
            (Method::PUT, "/api/2.0/mlflow-artifacts/artifacts/0/a"),
            (Method::POST, "/api/2.0/mlflow-artifacts/mpu/create/0"),
            (Method::POST, "/api/2.0/mlflow-artifacts/mpu/part/0/1"),
            (Method::POST, "/ajax-api/3.0/jobs"),
            (Method::POST, "/graphql"),
            (Method::POST, "/v1/traces"),
            (Method::GET, "/health/../api/2.0/mlflow/experiments/search"),
            (Method::GET, "//health"),
        ] {
            assert_eq!(status(&guard, method, path, &[(header::HOST, "localhost")]), 401, "{path}");
        }
        let part = "/api/2.0/mlflow-artifacts/mpu/part/0/1";
        assert_eq!(status(&guard, Method::PUT, part, &[(header::HOST, "localhost")]), 200, "its id is the secret");
    }

    #[test]
    fn headers_have_a_limit() {
        let guard = guard("127.0.0.1", None);
        let long = "a".repeat(MOST_HEADERS);
        let headers = [(header::HOST, "localhost"), (header::COOKIE, long.as_str())];
        assert_eq!(status(&guard, Method::GET, "/", &headers), 431);
    }
}
