"""From landed lines to states: text is read, typed, judged by the rules, and counted. DataFrames in, DataFrames out."""
