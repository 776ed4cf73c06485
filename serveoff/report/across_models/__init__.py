"""A summary across models: one run each, and at which cost of a model its server stops mattering.

outcome.py    what a summary says, as it is stored in summary.json
study.py      runs to a summary; parts.py what it takes of each run, crossing.py where a line falls under a bound
settings.py   whether runs may stand in one summary
store.py      the folder of a summary, beside those of the runs
html.py markdown.py charts/ tables.py sides.py words.py    rendering, which comes last
campaign.py command.py    `serveoff run --model a,b,c` and `serveoff summary RUN RUN ...`
"""
