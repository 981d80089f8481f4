//! Places of events in the log: source and message id. A rebuild reads the log in this order, which
//! is neither that of arrival nor that of event times.

use crate::event::Event;

/// Where an event stands in the log: a message counts once within its source. The default is before
/// every event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPosition {
    /// The source that it came through.
    pub source: String,
    /// The sender's id of the message.
    pub message_id: String,
}

impl LogPosition {
    /// The place of an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            source: event.source.clone(),
            message_id: event.message_id.clone(),
        }
    }

    /// As text, for a cursor.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}", self.source, self.message_id)
    }

    /// The place in a text of [`LogPosition::text`].
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (source, message_id) = text.split_once('\n')?;
        Some(Self {
            source: source.to_owned(),
            message_id: message_id.to_owned(),
        })
    }
}
