"""layercheck verifies AWS Lambda layer and function artifacts before they are deployed."""
