//! `acquaint session`: tokens that are bound to one customer.

use crate::clock::Clock;
use crate::config::Config;
use crate::tool::caller::{self, Verification};
use crate::{Error, Result, steward};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Make a token for one customer and print it
    Create {
        /// The customer as type:value, such as email:ada@example.com
        #[arg(long)]
        customer: String,
        /// How long it lives, such as 15m, 1h or 900s; at most a day
        #[arg(long, default_value = "15m")]
        ttl: String,
        /// How sure you are that it is them: anonymous, claimed or verified
        #[arg(long, default_value = "claimed")]
        verification: String,
    },
}

impl SessionCommand {
    pub(super) async fn run(self, config: &Config) -> Result<()> {
        let Self::Create {
            customer,
            ttl,
            verification,
        } = self;
        let (ttl_s, verification) = (seconds(&ttl)?, Verification::parse(&verification)?);
        let (db, workspace) = super::find(config).await?;
        let profile = steward::customer(&db, &workspace, &customer).await?;
        let (token, session) = caller::mint(
            &workspace,
            &profile.id,
            ttl_s,
            verification,
            Clock::default().now(),
        )?;
        let expires_at = session.expires_at();
        if config.json {
            return super::say_json(
                &json!({"token": token, "expires_at": expires_at, "profile": profile.id}),
            );
        }
        super::say(&token);
        super::note(&format!("for profile {}, until {expires_at}", profile.id));
        Ok(())
    }
}

/// A duration such as `15m`, in seconds.
fn seconds(text: &str) -> Result<i64> {
    let (number, unit) = text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    );
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => 0,
    };
    let seconds = number
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| {
        Error::invalid(format!(
            "`--ttl {text}` is no duration; write it like 15m, 1h or 900s"
        ))
    })
}
