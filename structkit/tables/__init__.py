"""Tables in and out: CSV, JSONL, SQLite, Parquet, Excel and data frames. Knows no model and no job."""
