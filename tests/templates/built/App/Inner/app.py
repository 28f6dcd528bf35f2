def handler(event: object, context: object) -> int:
    return 1
