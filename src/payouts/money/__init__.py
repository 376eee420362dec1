"""What sellers are owed: facts become signed entries, entries become entitlements. DataFrames in, DataFrames out."""
