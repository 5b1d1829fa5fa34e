"""Years of bad days in a minute: the bridge's own flows, several processes at once, virtual time.

A seed decides everything: what happens in the box office, what people do at the desk, what breaks
and when, which process runs next. So a seed that fails fails again, bit for bit.

``stage`` time and processes · ``network`` what becomes of a request · ``weather`` what breaks ·
``town`` what happens · ``promise`` what must hold · ``play`` a seed · ``campaign`` many seeds.

Decisions: 0001, 0048, 0061 (docs/decisions).
"""
