//! The small vocabularies that the database stores as words.

/// An enum whose variants are words in the database and in JSON.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it in the database and in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok(Self::$variant),)+
                    other => Err(rusqlite::types::FromSqlError::Other(
                        format!("“{other}” is no {}", stringify!($name)).into(),
                    )),
                }
            }
        }
    };
}

words! {
    /// How far a run is.
    RunStatus {
        /// Recorded; no worker has it yet.
        Waiting = "waiting",
        /// A worker has it.
        Running = "running",
        /// Every step ended well.
        Done = "done",
        /// A step, or the worker, failed.
        Failed = "failed",
        /// Someone stopped it.
        Cancelled = "cancelled",
    }
}

impl RunStatus {
    /// Whether nothing more will happen to it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

words! {
    /// How far a step of a run is.
    StepStatus {
        /// Its inputs are not there yet.
        Waiting = "waiting",
        /// It computes.
        Running = "running",
        /// Its outputs were computed before.
        Reused = "reused",
        /// It computed its outputs.
        Done = "done",
        /// It failed.
        Failed = "failed",
        /// Someone stopped it.
        Cancelled = "cancelled",
        /// A step before it did not end well.
        Skipped = "skipped",
    }
}

impl StepStatus {
    /// Whether nothing more will happen to it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

words! {
    /// Where a log line came from.
    Stream {
        /// The step's standard output.
        Stdout = "stdout",
        /// The step's standard error.
        Stderr = "stderr",
        /// Said by the studio.
        Info = "info",
        /// A warning of the studio.
        Warn = "warn",
        /// An error of the studio.
        Error = "error",
    }
}
