CREATE TABLE model_notes (
    model_id TEXT PRIMARY KEY,
    note TEXT NOT NULL
);
