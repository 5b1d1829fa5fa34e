"""Commands to begin with.

``init`` asks for two keys, tries them, writes ``willcall.toml`` and takes the baseline; ``doctor``
checks an installation and says what to do about each problem it finds.
"""
