//! How long a turn may take, and its end.

use std::time::Duration;

use crate::units::{OptionalTime, optional_time, time};

/// How long a turn may take, and its end.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Turns (500ms, 30s, 5m)")]
pub struct Settings {
    /// Ends a turn after so long without a message, counted while somebody waits; off for never
    #[arg(long, env = "VEZ_IDLE_LIMIT", value_name = "TIME|off", default_value = "5m", value_parser = optional_time)]
    pub idle_limit: OptionalTime,

    /// Ends a turn in which nothing was said for so long since it began, counted while somebody waits; off for never
    #[arg(long, env = "VEZ_NO_SHOW", value_name = "TIME|off", default_value = "off", value_parser = optional_time)]
    pub no_show: OptionalTime,

    /// Ends a turn that takes longer, counted while somebody waits; off for never
    #[arg(long, env = "VEZ_TURN_LIMIT", value_name = "TIME|off", default_value = "off", value_parser = optional_time)]
    pub turn_limit: OptionalTime,

    /// Warns those who can be warned so long before a limit
    #[arg(long, env = "VEZ_WARN_BEFORE", value_name = "TIME", default_value = "30s", value_parser = time)]
    pub warn_before: Duration,

    /// Waits so long for a peer to take the last words, and again for it to close while others are served already
    #[arg(long, env = "VEZ_LINGER", value_name = "TIME", default_value = "5s", value_parser = time)]
    pub linger: Duration,

    /// Takes at most so long to end when the server is told to; the running conversation has most of it
    #[arg(long, env = "VEZ_DRAIN", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub drain: Duration,
}
