"""Stands in for readme_renderer in layercheck.pyz; the real one needs compiled code and docutils."""
