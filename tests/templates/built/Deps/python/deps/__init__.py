NAME = "deps"
