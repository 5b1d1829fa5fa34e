"""``willcall report``: a page about a period, read from the ledger.

``command`` gathers what the ledger holds; ``page`` writes it as an HTML page with drawings from
``charts``, ``markdown`` as Markdown or JSON. ``words`` holds the phrases that all of them share,
``markup`` builds HTML and SVG from which no text can break out. All but ``command`` are pure.
"""
