//! Documents and campaigns, back and forth.
