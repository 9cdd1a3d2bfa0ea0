DROP TABLE model_notes;
