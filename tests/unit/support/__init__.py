"""The support code that other tests lean on has to hold by itself."""
