import deps


def handler(event, context):
    return deps.NAME
