"""The corpus itself: large enough, and each case in it another one."""

import json

from bad_input.corpus import cases, names


def test_the_corpus_has_five_hundred_inputs_and_no_two_are_alike() -> None:
    given = {
        name: [json.dumps(one.given, sort_keys=True) for one in cases(name)] for name in names()
    }
    counts = {name: len(inputs) for name, inputs in given.items()}

    assert sum(counts.values()) >= 500, counts
    assert min(counts.values()) >= 20, counts
    for name, inputs in given.items():
        titles = [one.name for one in cases(name)]
        assert len(set(inputs)) == len(inputs), name
        assert len(set(titles)) == len(titles), name
