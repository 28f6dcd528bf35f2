"""Gems of another Ruby."""

from __future__ import annotations

from check.made import Files, judge, told

GEM = "ruby/gems/3.3.0/gems/rack-3.1.0/lib/rack.rb"


def test_gems_of_another_ruby_are_an_error_and_of_this_one_none() -> None:
    assert told(judge({GEM: b"1"}, "ruby3.4")) == [("LC551", "error", "ruby/gems/3.3.0")]
    assert told(judge({GEM: b"1"}, "ruby3.3")) == []
    both: Files = {GEM: b"1", GEM.replace("3.3.0", "3.4.0"): b"1"}
    assert told(judge(both, "ruby3.4")) == []
