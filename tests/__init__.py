"""The tests: `support` builds what they need, `e2e` drives git, `test_repo` checks the source itself."""
