//! Errors as MLflow's clients read them: a code, a message, an HTTP status
//! (`mlflow/exceptions.py` of 3.17).

use std::fmt;

use serde_json::json;

/// What kind of error; each has its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Code {
    InternalError,
    InvalidState,
    NotImplemented,
    TemporarilyUnavailable,
    ResourceExhausted,
    ResourceConflict,
    EndpointNotFound,
    NotFound,
    ResourceDoesNotExist,
    PermissionDenied,
    Unauthenticated,
    BadRequest,
    ResourceAlreadyExists,
    InvalidParameterValue,
}

impl Code {
    /// The word, the HTTP status, and what SQLSTATE and error class MLflow adds, if any.
    fn facts(self) -> (&'static str, u16, Option<(&'static str, &'static str)>) {
        const INTERNAL: Option<(&str, &str)> = Some(("XXM00", "CLIENT_INTERNAL_ERROR"));
        const NOT_FOUND: Option<(&str, &str)> = Some(("KAM00", "RESOURCE_NOT_FOUND"));
        const INVALID: Option<(&str, &str)> = Some(("KAM00", "INVALID_PARAMETER_VALUE"));
        match self {
            Self::InternalError => ("INTERNAL_ERROR", 500, INTERNAL),
            Self::InvalidState => ("INVALID_STATE", 500, INTERNAL),
            Self::NotImplemented => ("NOT_IMPLEMENTED", 501, None),
            Self::TemporarilyUnavailable => ("TEMPORARILY_UNAVAILABLE", 503, INTERNAL),
            Self::ResourceExhausted => ("RESOURCE_EXHAUSTED", 429, None),
            Self::ResourceConflict => ("RESOURCE_CONFLICT", 409, None),
            Self::EndpointNotFound => ("ENDPOINT_NOT_FOUND", 404, NOT_FOUND),
            Self::NotFound => ("NOT_FOUND", 404, NOT_FOUND),
            Self::ResourceDoesNotExist => ("RESOURCE_DOES_NOT_EXIST", 404, NOT_FOUND),
            Self::PermissionDenied => ("PERMISSION_DENIED", 403, Some(("KAM00", "PERMISSION_DENIED"))),
            Self::Unauthenticated => ("UNAUTHENTICATED", 401, None),
            Self::BadRequest => ("BAD_REQUEST", 400, INVALID),
            Self::ResourceAlreadyExists => ("RESOURCE_ALREADY_EXISTS", 400, Some(("KAM00", "RESOURCE_ALREADY_EXISTS"))),
            Self::InvalidParameterValue => ("INVALID_PARAMETER_VALUE", 400, INVALID),
        }
    }

    /// The protocol's word.
    pub fn word(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        self.facts().1
    }
}

/// An error that a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind.
    pub code: Code,
    /// What is wrong, in MLflow's words where it has some.
    pub message: String,
}

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A parameter that cannot be.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidParameterValue, message)
    }

    /// The body that a client is sent.
    pub fn body(&self) -> String {
        let (word, _, class) = self.code.facts();
        let mut body = json!({"error_code": word, "message": self.message});
        if let Some((sqlstate, class)) = class {
            body["sqlstate"] = sqlstate.into();
            body["error_class"] = class.into();
        }
        body.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<studio::Error> for Error {
    fn from(error: studio::Error) -> Self {
        use studio::ErrorKind as Kind;
        let code = match error.kind {
            Kind::NotFound => Code::ResourceDoesNotExist,
            Kind::Conflict => Code::ResourceAlreadyExists,
            Kind::Invalid => Code::InvalidParameterValue,
            Kind::State => Code::InvalidState,
            Kind::Busy => Code::TemporarilyUnavailable,
            Kind::ReadOnly => Code::PermissionDenied,
            Kind::Storage | Kind::Cancelled | Kind::RunFailed => Code::InternalError,
        };
        Self::new(code, error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by `MlflowException('m', …).serialize_as_json()`.
    #[test]
    fn bodies_are_those_of_mlflow() {
        let body = |code| Error::new(code, "m").body();
        assert_eq!(
            body(Code::ResourceDoesNotExist),
            r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"m","sqlstate":"KAM00","error_class":"RESOURCE_NOT_FOUND"}"#
        );
        assert_eq!(body(Code::NotImplemented), r#"{"error_code":"NOT_IMPLEMENTED","message":"m"}"#);
        assert_eq!(
            body(Code::InvalidState),
            r#"{"error_code":"INVALID_STATE","message":"m","sqlstate":"XXM00","error_class":"CLIENT_INTERNAL_ERROR"}"#
        );
    }

    #[test]
    fn errors_of_the_store_have_their_code() {
        let of = |kind| Error::from(studio::Error::new(kind, "x")).code.status();
        assert_eq!(of(studio::ErrorKind::NotFound), 404);
        assert_eq!(of(studio::ErrorKind::Conflict), 400);
        assert_eq!(of(studio::ErrorKind::State), 500);
        assert_eq!(of(studio::ErrorKind::Busy), 503);
    }
}
