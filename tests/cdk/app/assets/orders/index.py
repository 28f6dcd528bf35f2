"""The function's own code; greeting comes from the layer."""

import json

import greeting
import shared


def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(greeting.hello(shared.NAME))}
