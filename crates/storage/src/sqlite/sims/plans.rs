//! No statement of the hot path reads more than it answers.
