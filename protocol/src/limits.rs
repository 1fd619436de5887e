//! Limits that both ends know.

/// Longest message in bytes, unless the server was told otherwise; the report's server read 1024.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// Longest reason in bytes that a Close frame can carry: a control frame's 125 less the code's 2
/// (RFC 6455 §5.5).
pub const MAX_CLOSE_REASON: usize = 123;
