"""Tests that are one story, told in the order of their names: a failure ends it."""

import unittest


class Story(unittest.TestCase):
    maxDiff = None
    ended = False

    def setUp(self) -> None:
        if type(self).ended:
            self.fail("an earlier part of the story failed")
        type(self).ended = True  # until this part has come to its end

    def tearDown(self) -> None:
        outcome = self._outcome.result
        type(self).ended = any(test is self for test, _ in outcome.failures + outcome.errors)
