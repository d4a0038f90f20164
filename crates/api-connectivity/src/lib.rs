//! The connectivity face: SIM campaigns, participants, packages, under `/api/v2` and `/api/v3`.
