"""In one layer."""


def hello(name):
    return f"Hello, {name}"
