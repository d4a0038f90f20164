//! No statement reads more than it answers.
