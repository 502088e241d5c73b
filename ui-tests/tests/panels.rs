//! Every panel of the sample workspace in both themes, compared with its picture under `snapshots/`.
#![allow(clippy::unwrap_used, clippy::expect_used)]
