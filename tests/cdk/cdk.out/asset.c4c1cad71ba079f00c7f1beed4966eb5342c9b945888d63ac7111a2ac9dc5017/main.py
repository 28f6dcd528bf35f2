"""A handler of another name than the stack says."""


def start(event, context):
    return {"ok": True}
