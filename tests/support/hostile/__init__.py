"""Inputs made to hurt: what corpus/hostile/*.toml describes, built, and run in processes that are watched."""
