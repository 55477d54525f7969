"""Tests that nobody wrote: requests drawn from the documents, and one reading of every answer.

A generator only thinks of requests. What an answer must be is said in one place, the reading,
which is a pure function of the exchanges in their order: so a record judges the same again.
The parts are imported by their own names, for most runs need few of them.
"""
